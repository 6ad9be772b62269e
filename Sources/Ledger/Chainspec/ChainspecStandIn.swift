extension Chainspec {
    /// The same network under other validators, whose keys the caller has: for a verifier that tests itself against blocks that a dishonest
    /// quorum signed. Nothing outside this process can be of such a network, because the id is the hash of the true validators.
    package init(standingInFor other: Chainspec, validators: [Validator]) {
        precondition(validators.count == other.validators.count, "as many validators stand in as there are")
        isDevelopment = other.isDevelopment
        name = other.name
        addressPrefix = other.addressPrefix
        genesisTime = other.genesisTime
        institutions = other.institutions
        assets = other.assets
        self.validators = validators
        quorum = other.quorum
        rules = other.rules
        network = other.network
    }
}
