/// The parameters that several operations share.
enum OpenAPIParameters {
    static let text = #"""
        "TransactionID": {"name": "id", "in": "path", "required": true, "description": "The transaction's id.", "schema": {"$ref": "#/components/schemas/Hash"}, "example": "eb98c4c7c223feb93c65cab26490b0ec2842bb79c25c504001e418434775a984"},
        "Address": {"name": "address", "in": "path", "required": true, "description": "The account's address.", "schema": {"$ref": "#/components/schemas/Address"}, "example": "exa1jj6a2lcz2n7lv5fz36k02yj85qvmxsuwe7q27tftaffrcq6n8rqsla3n8z"},
        "Height": {"name": "height", "in": "path", "required": true, "description": "The block's height, or latest.", "schema": {"oneOf": [{"$ref": "#/components/schemas/Height"}, {"type": "string", "const": "latest"}]}, "example": 3},
        "Wait": {"name": "wait", "in": "query", "description": "final answers when the transaction is final or refused, or after the node's limit for waiting with the status pending.", "schema": {"type": "string", "enum": ["final"]}}
        """#
}
