public import Ledger

/// What a node says of itself (`docs/spec/http.md` section 4).
public struct NetworkState: Hashable, Sendable {
    public let network: NetworkID
    public let name: String
    public let addressPrefix: String
    public let isDevelopment: Bool
    /// The latest final block.
    public let height: UInt64
    /// Its time.
    public let time: TimeMilliseconds

    init(_ field: JSONField) throws(JSONError) {
        var fields = try field.object()
        network = NetworkID(try fields.field("network", expecting: "the network id").bytes32())
        name = PlainText.line(try fields.string("name"), maximumCharacterCount: 64)
        addressPrefix = PlainText.line(try fields.string("addressPrefix"), maximumCharacterCount: 64)
        isDevelopment = try fields.boolean("development")
        height = try fields.integer("height")
        time = try fields.timestamp("time")
        try fields.finish()
    }

    /// The JSON form, as nodes give it.
    public var json: JSON {
        [
            "network": .string(network.hex), "name": .string(name), "addressPrefix": .string(addressPrefix),
            "development": .boolean(isDevelopment), "height": .number(height), "time": .string(Timestamp.format(time)),
        ]
    }
}
