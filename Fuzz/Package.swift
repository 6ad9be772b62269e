// swift-tools-version:6.2
import PackageDescription

// Fuzz targets for everything that decodes hostile bytes. `tools/fuzz` builds and runs them; docs/robustness.md says what for.
// A package of its own, because instrumented code is built with flags that no program of the project has. The modules are the
// project's own files, by links.

let dialect: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableExperimentalFeature("Lifetimes"),
    .unsafeFlags(["-sanitize=fuzzer"]),
]

let package = Package(
    name: "coffer-fuzz",
    dependencies: [
        .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
        .package(url: "https://github.com/swiftcsv/SwiftCSV", exact: "0.10.0"),
    ],
    targets: [
        .systemLibrary(name: "CLibFuzzer"),
        .systemLibrary(name: "CSecp256k1", pkgConfig: "libsecp256k1"),
        .systemLibrary(name: "CSodium", pkgConfig: "libsodium"),
        .systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto"),
        .systemLibrary(name: "CGfshare", pkgConfig: "libgfshare"),
        .systemLibrary(name: "CPKCS11", pkgConfig: "p11-kit-1"),
        .systemLibrary(name: "CLinux"),
        .target(
            name: "Cryptography", dependencies: ["CSecp256k1", "CSodium", "COpenSSL", "CGfshare", "CPKCS11", "CLinux"],
            swiftSettings: dialect),
        .target(name: "Ledger", dependencies: ["Cryptography"], swiftSettings: dialect),
        .target(
            name: "Custody",
            dependencies: [
                "Cryptography", "Ledger", .product(name: "SwiftCSV", package: "SwiftCSV"), .product(name: "Yams", package: "Yams"),
            ],
            swiftSettings: dialect),
        .executableTarget(
            name: "Fuzz", dependencies: ["CLibFuzzer", "Cryptography", "Ledger", "Custody"],
            swiftSettings: dialect + [.unsafeFlags(["-parse-as-library"])],
            linkerSettings: [.unsafeFlags(["-sanitize=fuzzer", "-use-ld=lld"])]),
    ],
    swiftLanguageModes: [.v6]
)
