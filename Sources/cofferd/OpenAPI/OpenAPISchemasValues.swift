extension OpenAPISchemas {
    /// The values that everything is made of (`docs/spec/encoding.md`).
    static let values = #"""
        "Hash": {"type": "string", "description": "32 bytes.", "pattern": "^[0-9a-f]{64}$"},
        "Bytes16": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
        "Bytes64": {"type": "string", "pattern": "^[0-9a-f]{128}$"},
        "Bytes": {"type": "string", "pattern": "^([0-9a-f]{2})*$"},
        "Address": {"type": "string", "description": "An account: bech32m with the network's prefix.", "pattern": "^[a-z]{1,16}1[02-9ac-hj-np-z]{58}$"},
        "AssetCode": {"type": "string", "pattern": "^[A-Z0-9]{3,12}$"},
        "Amount": {"type": "string", "description": "A decimal number with at most the asset's number of decimals.", "pattern": "^(0|[1-9][0-9]*)([.][0-9]{1,8})?$"},
        "Time": {"type": "string", "format": "date-time", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{1,3})?Z$"},
        "Height": {"type": "integer", "description": "The height of a block; genesis has 0.", "minimum": 0},
        "Name": {"type": "string", "description": "An institution or validator of the chain specification.", "pattern": "^[a-z0-9-]{1,32}$"},
        "Cursor": {"type": "string", "pattern": "^[A-Za-z0-9_-]{1,128}$"},
        "Scheme": {"type": "string", "enum": ["bip340", "ecdsa"]},
        "AccountStatus": {"type": "string", "enum": ["active", "debitsFrozen", "creditsFrozen", "frozen", "closed"]},
        "Policy": {
          "type": "object",
          "description": "A weighted threshold over 1 to 16 keys.",
          "required": ["threshold", "keys"],
          "additionalProperties": false,
          "properties": {
            "threshold": {"type": "integer", "minimum": 1, "maximum": 4080},
            "keys": {
              "type": "array", "minItems": 1, "maxItems": 16,
              "items": {
                "type": "object", "required": ["scheme", "key", "weight"], "additionalProperties": false,
                "properties": {
                  "scheme": {"$ref": "#/components/schemas/Scheme"},
                  "key": {"type": "string", "pattern": "^([0-9a-f]{64}|0[23][0-9a-f]{64})$"},
                  "weight": {"type": "integer", "minimum": 1, "maximum": 255}
                }
              }
            }
          }
        },
        "Memo": {
          "type": "object",
          "description": "Text beside a transaction, which commits to it. 1 to 1,024 bytes of UTF-8.",
          "required": ["salt", "text"],
          "additionalProperties": false,
          "properties": {"salt": {"$ref": "#/components/schemas/Bytes16"}, "text": {"type": "string", "minLength": 1, "maxLength": 1024}}
        },
        "Attestation": {
          "type": "object",
          "required": ["validator", "signature"],
          "additionalProperties": false,
          "properties": {
            "validator": {"type": "integer", "description": "Position in the chain specification.", "minimum": 0, "maximum": 63},
            "signature": {"$ref": "#/components/schemas/Bytes64"}
          }
        },
        "Archives": {
          "type": "object",
          "description": "Which blocks are in archives, and in which (archive.md).",
          "required": ["format", "network", "archives"],
          "additionalProperties": false,
          "properties": {
            "format": {"const": "coffer-archives/v1"},
            "network": {"$ref": "#/components/schemas/Hash"},
            "archives": {
              "type": "array", "maxItems": 100000,
              "items": {
                "type": "object", "required": ["segment", "firstHeight", "lastHeight", "byteCount", "sha256"], "additionalProperties": false,
                "properties": {
                  "segment": {"type": "integer", "minimum": 0}, "firstHeight": {"type": "integer", "minimum": 1},
                  "lastHeight": {"type": "integer", "minimum": 1}, "byteCount": {"type": "integer", "minimum": 57},
                  "sha256": {"$ref": "#/components/schemas/Hash"}
                }
              }
            }
          }
        },
        "Attestations": {"type": "array", "description": "Ascending by validator.", "maxItems": 64, "items": {"$ref": "#/components/schemas/Attestation"}}
        """#
}
