import ArgumentParser
import Testing

@testable import cofferd

@Suite struct SupportSettingsTests {
    @Test func theDefaultsAreWithinTheirRanges() throws {
        let settings = try Settings.parse([])
        for (name, value, range) in settings.ranges { #expect(range.contains(value), "\(name)") }
    }

    /// Every option is a limit with a range, is in the help with its default, and has a unit as the last word of its name.
    @Test func everyLimitIsAFlagWithItsDefaultAndRange() throws {
        let settings = try Settings.parse([])
        let help = Settings.helpMessage(columns: 120).split(whereSeparator: \.isWhitespace).joined(separator: " ")
        let options = help.split(separator: " --").dropFirst()
        #expect(options.filter { !$0.hasPrefix("help ") }.count == settings.ranges.count)
        #expect(Mirror(reflecting: settings).children.count == settings.ranges.count)
        let units = [
            "bytes", "transactions", "seconds", "connections", "blocks", "refusals", "milliseconds", "entries", "subscribers", "events",
        ]
        for (name, value, _) in settings.ranges {
            let option = options.first { $0.hasPrefix("\(name) <") }
            #expect(option?.contains("(default: \(value))") == true, "\(name)")
            #expect(units.contains { name.hasSuffix("-\($0)") }, "\(name)")
        }
    }

    @Test func aValueOutsideItsRangeIsRefusedByName() throws {
        for (name, _, range) in try Settings.parse([]).ranges {
            for value in [range.lowerBound - 1, range.upperBound + 1] {
                let message = refusal(of: ["--\(name)=\(value)"])
                #expect(
                    message == "--\(name) is \(value) and must be from \(range.lowerBound) to \(range.upperBound).", "\(name)")
            }
        }
    }

    @Test func aValueThatIsNoNumberIsRefused() {
        #expect(refusal(of: ["--maximum-body-bytes=4MB"])?.contains("maximum-body-bytes") == true)
    }

    @Test func valuesThatContradictEachOtherAreRefused() {
        #expect(
            refusal(of: ["--statement-page-entries=500", "--maximum-statement-page-entries=200"])?
                .hasPrefix("--statement-page-entries is 500, more than the 200") == true)
        #expect(
            refusal(of: ["--maximum-bodies-in-flight-bytes=16777216", "--maximum-batch-body-bytes=16777217"])?
                .hasPrefix("--maximum-bodies-in-flight-bytes is 16777216") == true)
    }

    @Test func aValueIsTaken() throws {
        #expect(try Settings.parse(["--wait-for-final-seconds", "3"]).waitForFinalSeconds == 3)
    }

    private func refusal(of arguments: [String]) -> String? {
        do {
            _ = try Settings.parse(arguments)
            return nil
        } catch {
            return Settings.message(for: error)
        }
    }
}

@Suite struct SupportListenAddressTests {
    @Test(arguments: [
        ("127.0.0.1:8420", "127.0.0.1", 8_420), ("127.255.0.9:1", "127.255.0.9", 1), ("[::1]:65535", "::1", 65_535),
        ("localhost:0", "127.0.0.1", 0),
    ])
    func loopbackAddressesAreTaken(_ text: String, _ host: String, _ port: UInt16) throws {
        let address = try ListenAddress(parsing: text)
        #expect(address.host == host)
        #expect(address.port == port)
        #expect(try ListenAddress(parsing: address.description) == address)
    }

    @Test(arguments: [
        "0.0.0.0:8420", "192.168.1.1:8420", "128.0.0.1:8420", "126.255.255.255:80", "[::]:8420", "[::ffff:127.0.0.1]:8420",
        "[fe80::1]:8420", "example.com:8420", "Localhost:8420", "localhost.:8420", "127.1:8420", "127.0.0.01:8420", "127.0.0.256:8420",
        "0177.0.0.1:8420", "2130706433:8420", "127.0.0.1 :8420", " 127.0.0.1:8420", "*:8420",
    ])
    func everythingElseIsRefusedWithTheReason(_ text: String) {
        let error = #expect(throws: ListenAddressError.self) { try ListenAddress(parsing: text) }
        #expect(error?.description.contains("no access control yet") == true)
    }

    @Test(arguments: [
        ("", ListenAddressError.malformed("")), ("127.0.0.1", .malformed("127.0.0.1")), (":8420", .malformed(":8420")),
        ("127.0.0.1:", .malformedPort("127.0.0.1:")), ("127.0.0.1:65536", .malformedPort("127.0.0.1:65536")),
        ("127.0.0.1:+1", .malformedPort("127.0.0.1:+1")), ("127.0.0.1:080", .malformedPort("127.0.0.1:080")),
        ("127.0.0.1:http", .malformedPort("127.0.0.1:http")), ("::1:8420", .bracketsMissing("::1:8420")),
    ])
    func malformedAddressesAreToldApart(_ text: String, _ expected: ListenAddressError) {
        #expect(throws: expected) { try ListenAddress(parsing: text) }
    }
}
