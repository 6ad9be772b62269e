import Foundation

/// Proves that what was acknowledged is durable, by killing processes and by cutting the power in a model of the disk (`docs/crash-safety.md`).
@main
enum CofferCrash {
    private static let usage = """
        Usage: coffer-crash COMMAND OPTIONS
          campaign   --recorder FILE --directory DIR [--memory DIR] [--kills N] [--cut-points N] [--seed N]
                     [--table FILE --label TEXT]
          workload   --data DIR --acknowledged FILE --seed N [--count N] [--clients N]
          check      --data DIR --acknowledged FILE
          power-cut  --trace FILE --data DIR --scratch DIR --points N --seed N [--without-syncs] [--only POINT]
        tools/crash-campaign runs all of it.
        """

    static func main() {
        var arguments = CommandLine.arguments.dropFirst()
        do {
            switch arguments.popFirst() {
            case "campaign": try CampaignCommand(arguments).run()
            case "workload": try WorkloadCommand(arguments).run()
            case "check": try CheckCommand(arguments).run()
            case "power-cut": try PowerCutCommand(arguments).run()
            default: throw UsageError(usage)
            }
        } catch let failure as CheckFailure {
            report("\(failure)")
            exit(1)
        } catch {
            report("\(error)")
            exit(2)
        }
    }
}
