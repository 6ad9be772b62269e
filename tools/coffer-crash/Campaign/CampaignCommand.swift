struct CampaignCommand {
    init(_ arguments: some Sequence<String>) throws {}
    func run() throws {}
}
