// swift-tools-version:6.2
import PackageDescription

// One dialect for every target: Swift 6, warnings are errors, unsafe constructs are marked.
// `Lifetimes` lets Ledger's ByteReader borrow a Span without copying it.
let settings: [SwiftSetting] = [
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableExperimentalFeature("Lifetimes"),
]

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let metrics = Target.Dependency.product(name: "Metrics", package: "swift-metrics")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let hummingbirdTesting = Target.Dependency.product(name: "HummingbirdTesting", package: "hummingbird")
let serviceLifecycle: [Target.Dependency] = [
    .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
    .product(name: "UnixSignals", package: "swift-service-lifecycle"),
]
// What Hummingbird is made of, where the daemon bounds connections itself.
let network: [Target.Dependency] = [
    .product(name: "HTTPTypes", package: "swift-http-types"),
    .product(name: "HummingbirdCore", package: "hummingbird"),
    .product(name: "NIOCore", package: "swift-nio"),
    .product(name: "NIOHTTP1", package: "swift-nio"),
    .product(name: "NIOPosix", package: "swift-nio"),
    .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
    .product(name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras"),
]

func module(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

func program(_ name: String, _ dependencies: [Target.Dependency], path: String) -> Target {
    .executableTarget(name: name, dependencies: dependencies, path: path, swiftSettings: settings)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(name: name, dependencies: dependencies + ["Support"], swiftSettings: settings)
}

let package = Package(
    name: "coffer",
    products: [
        .library(name: "Client", targets: ["Client"]),
        .executable(name: "cofferd", targets: ["cofferd"]),
        .executable(name: "coffer", targets: ["coffer"]),
        .executable(name: "coffer-verify", targets: ["coffer-verify"]),
        .executable(name: "coffer-witness", targets: ["coffer-witness"]),
        .executable(name: "coffer-signer", targets: ["coffer-signer"]),
        .executable(name: "coffer-bench", targets: ["coffer-bench"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", exact: "2.13.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", exact: "2.28.1"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", exact: "2.13.0"),
        .package(url: "https://github.com/apple/swift-http-types", exact: "1.8.0"),
        .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras", exact: "1.35.2"),
        .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
        .package(url: "https://github.com/swiftcsv/SwiftCSV", exact: "0.10.0"),
    ],
    targets: [
        .systemLibrary(name: "CSecp256k1", pkgConfig: "libsecp256k1", providers: [.apt(["libsecp256k1-dev"])]),
        .systemLibrary(name: "CSodium", pkgConfig: "libsodium", providers: [.apt(["libsodium-dev"])]),
        .systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CGfshare", pkgConfig: "libgfshare", providers: [.apt(["libgfshare-dev"])]),
        .systemLibrary(name: "CPKCS11", pkgConfig: "p11-kit-1", providers: [.apt(["libp11-kit-dev"])]),
        .systemLibrary(name: "CLinux"),
        .systemLibrary(name: "CLMDB", pkgConfig: "lmdb", providers: [.apt(["liblmdb-dev"])]),

        module("Cryptography", ["CSecp256k1", "CSodium", "COpenSSL", "CGfshare", "CPKCS11", "CLinux"]),
        module("Ledger", ["Cryptography"]),
        module("Verifier", ["Cryptography", "Ledger"]),
        module("Store", ["Cryptography", "Ledger", "CLMDB"]),
        module(
            "Custody",
            [
                "Cryptography", "Ledger", .product(name: "SwiftCSV", package: "SwiftCSV"), .product(name: "Yams", package: "Yams"),
            ]),
        module("Client", ["Cryptography", "Ledger"]),
        module("Node", ["Cryptography", "Ledger", "Verifier"]),

        program(
            "cofferd",
            [
                "Cryptography", "Ledger", "Verifier", "Store", "Custody", "Node", "Client",
                argumentParser, logging, metrics, hummingbird,
            ] + serviceLifecycle + network, path: "Sources/cofferd"),
        program("coffer", ["Cryptography", "Ledger", "Custody", "Client", argumentParser], path: "tools/coffer"),
        program("coffer-verify", ["Cryptography", "Ledger", "Verifier", "Custody", argumentParser], path: "tools/coffer-verify"),
        program(
            "coffer-witness",
            ["Cryptography", "Ledger", "Custody", argumentParser, logging, hummingbird] + serviceLifecycle + network,
            path: "tools/coffer-witness"),
        program(
            "coffer-signer",
            ["Cryptography", "Ledger", "Custody", argumentParser, .product(name: "UnixSignals", package: "swift-service-lifecycle")],
            path: "tools/coffer-signer"),
        .executableTarget(
            name: "coffer-crash", dependencies: ["Cryptography", "Ledger", "Verifier", "Store", "Node", "Support"],
            path: "tools/coffer-crash", exclude: ["shim"], swiftSettings: settings),
        program(
            "coffer-bench",
            [
                "Cryptography", "Ledger", "Verifier", "Store", "Custody", "Client", argumentParser,
                .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOPosix", package: "swift-nio"),
            ], path: "tools/coffer-bench"),

        .target(
            name: "Support", dependencies: ["Cryptography", "Ledger"], path: "Tests/Support",
            swiftSettings: settings),
        tests("CryptographyTests", ["Cryptography"]),
        tests("LedgerTests", ["Ledger", "Cryptography"]),
        tests("VerifierTests", ["Verifier", "Ledger", "Cryptography"]),
        tests("StoreTests", ["Store", "Ledger", "Cryptography"]),
        tests("CustodyTests", ["Custody", "Client", "Verifier", "Ledger", "Cryptography"]),
        tests("NodeTests", ["Node", "Store", "Custody", "Verifier", "Ledger", "Cryptography"]),
        tests("ClientTests", ["Client", "Ledger", "Cryptography"]),
        tests(
            "CofferdTests",
            [
                "cofferd", "Client", "Custody", "Node", "Store", "Verifier", "Ledger", "Cryptography", argumentParser, logging, metrics,
                hummingbird, hummingbirdTesting, .product(name: "NIOEmbedded", package: "swift-nio"),
            ] + network),
        tests("CofferVerifyTests", ["coffer-verify", "Verifier", "Custody", "Ledger", "Cryptography", argumentParser]),
        tests("WitnessTests", ["coffer-witness", "coffer-verify", "cofferd", "Client", "Custody", "Ledger", "Cryptography"]),
        tests("ProjectTests", ["Verifier", "Ledger", "Cryptography"]),
    ],
    swiftLanguageModes: [.v6]
)
