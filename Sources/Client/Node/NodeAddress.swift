import Foundation

/// Reads the address of a node.
enum NodeAddress {
    /// An `http` or `https` URL with a host, and without what a node's address has no use for: user, password, query, fragment.
    static func parse(_ text: String) throws(ClientError) -> URL {
        guard let components = URLComponents(string: text), let url = components.url,
            let scheme = components.scheme?.lowercased(), ["http", "https"].contains(scheme),
            let host = components.host, !host.isEmpty,
            components.user == nil, components.password == nil, components.query == nil, components.fragment == nil
        else { throw .invalidAddress(text) }
        return url
    }
}
