extension OpenAPISchemas {
    /// Receipts and balance proofs (`docs/spec/proofs.md`).
    static let proofs = #"""
        "Receipt": {
          "type": "object",
          "required": ["format", "transaction", "index", "path", "header", "attestations"],
          "additionalProperties": false,
          "properties": {
            "format": {"const": "coffer-receipt/v1"},
            "transaction": {"$ref": "#/components/schemas/Bytes"},
            "index": {"type": "integer", "minimum": 0},
            "path": {"type": "array", "items": {"$ref": "#/components/schemas/Hash"}},
            "header": {"$ref": "#/components/schemas/HeaderBytes"},
            "attestations": {"$ref": "#/components/schemas/Attestations"},
            "memo": {"$ref": "#/components/schemas/Memo"}
          }
        },
        "BalanceProof": {
          "type": "object",
          "required": ["format", "account", "path", "header", "attestations"],
          "additionalProperties": false,
          "properties": {
            "format": {"const": "coffer-balance/v1"},
            "account": {"$ref": "#/components/schemas/Bytes"},
            "path": {"$ref": "#/components/schemas/Path"},
            "header": {"$ref": "#/components/schemas/HeaderBytes"},
            "attestations": {"$ref": "#/components/schemas/Attestations"},
            "inclusion": {"$ref": "#/components/schemas/Inclusion"}
          }
        },
        "SupplyProof": {
          "type": "object",
          "required": ["format", "asset", "records", "path", "header", "attestations"],
          "additionalProperties": false,
          "properties": {
            "format": {"const": "coffer-supply/v1"},
            "asset": {"type": "integer", "minimum": 0, "maximum": 63},
            "records": {"type": "array", "maxItems": 64, "items": {"type": "string", "description": "A supply record, 124 bytes.", "pattern": "^[0-9a-f]{248}$"}},
            "path": {"$ref": "#/components/schemas/Path"},
            "header": {"$ref": "#/components/schemas/HeaderBytes"},
            "attestations": {"$ref": "#/components/schemas/Attestations"},
            "inclusion": {"$ref": "#/components/schemas/Inclusion"}
          }
        },
        "Inclusion": {
          "description": "The way from a header to a checkpoint. A client puts it into a proof; the node gives it by itself.",
          "type": "object",
          "required": ["size", "path"],
          "additionalProperties": false,
          "properties": {"size": {"type": "integer", "minimum": 1}, "path": {"$ref": "#/components/schemas/Path"}}
        },
        "ConsistencyProof": {
          "type": "object",
          "required": ["format", "oldSize", "newSize", "path"],
          "additionalProperties": false,
          "properties": {
            "format": {"const": "coffer-consistency/v1"},
            "oldSize": {"type": "integer", "minimum": 1},
            "newSize": {"type": "integer", "minimum": 1},
            "path": {"$ref": "#/components/schemas/Path"}
          }
        },
        "HeaderInclusion": {
          "type": "object",
          "required": ["height", "size", "path"],
          "additionalProperties": false,
          "properties": {
            "height": {"$ref": "#/components/schemas/Height"},
            "size": {"type": "integer", "minimum": 1},
            "path": {"$ref": "#/components/schemas/Path"}
          }
        },
        "Path": {"type": "array", "maxItems": 64, "items": {"$ref": "#/components/schemas/Hash"}},
        "HeaderBytes": {"type": "string", "description": "A block header, 230 bytes.", "pattern": "^[0-9a-f]{460}$"}
        """#

    /// Accounts, statements and supply (`docs/spec/http.md` section 2).
    static let accounts = #"""
        "Account": {
          "type": "object",
          "required": ["address", "id", "index", "kind", "status", "tier", "institution", "openedHeight", "policy", "entryCount", "entryHash", "balances", "height"],
          "additionalProperties": false,
          "properties": {
            "address": {"$ref": "#/components/schemas/Address"},
            "id": {"$ref": "#/components/schemas/Hash"},
            "index": {"type": "integer", "minimum": 0},
            "kind": {"type": "string", "enum": ["institution", "bankIssued", "walletHeld", "liability"]},
            "status": {"$ref": "#/components/schemas/AccountStatus"},
            "tier": {"type": "integer", "minimum": 0, "maximum": 255},
            "institution": {"$ref": "#/components/schemas/Name"},
            "openedHeight": {"$ref": "#/components/schemas/Height"},
            "policy": {
              "description": "A liability account has threshold 0 and no keys.",
              "anyOf": [
                {"$ref": "#/components/schemas/Policy"},
                {"type": "object", "required": ["threshold", "keys"], "additionalProperties": false, "properties": {"threshold": {"const": 0}, "keys": {"type": "array", "maxItems": 0}}}
              ]
            },
            "entryCount": {"type": "integer", "minimum": 0},
            "entryHash": {"$ref": "#/components/schemas/Hash"},
            "balances": {"type": "array", "maxItems": 64, "items": {"anyOf": [{"$ref": "#/components/schemas/Balance"}, {"$ref": "#/components/schemas/LiabilityBalance"}]}},
            "height": {"$ref": "#/components/schemas/Height"}
          }
        },
        "Balance": {
          "type": "object",
          "required": ["asset", "posted", "available", "pendingDebits", "pendingCredits", "creditsPosted", "debitsPosted"],
          "additionalProperties": false,
          "properties": {
            "asset": {"$ref": "#/components/schemas/AssetCode"},
            "posted": {"$ref": "#/components/schemas/Amount"}, "available": {"$ref": "#/components/schemas/Amount"},
            "pendingDebits": {"$ref": "#/components/schemas/Amount"}, "pendingCredits": {"$ref": "#/components/schemas/Amount"},
            "creditsPosted": {"$ref": "#/components/schemas/Amount"}, "debitsPosted": {"$ref": "#/components/schemas/Amount"}
          }
        },
        "LiabilityBalance": {
          "type": "object",
          "required": ["asset", "outstanding", "creditsPosted", "debitsPosted"],
          "additionalProperties": false,
          "properties": {
            "asset": {"$ref": "#/components/schemas/AssetCode"}, "outstanding": {"$ref": "#/components/schemas/Amount"},
            "creditsPosted": {"$ref": "#/components/schemas/Amount"}, "debitsPosted": {"$ref": "#/components/schemas/Amount"}
          }
        },
        "Statement": {
          "type": "object",
          "required": ["address", "entries"],
          "additionalProperties": false,
          "properties": {
            "address": {"$ref": "#/components/schemas/Address"},
            "entries": {"type": "array", "maxItems": 1000, "items": {"$ref": "#/components/schemas/Entry"}},
            "next": {"$ref": "#/components/schemas/Cursor"}
          }
        },
        "Entry": {
          "type": "object",
          "description": "asset, amount and counterparty are given where money moved, memo where the node has one.",
          "required": ["sequence", "height", "time", "transaction", "operation", "item", "kind"],
          "additionalProperties": false,
          "properties": {
            "sequence": {"type": "integer", "minimum": 0},
            "height": {"$ref": "#/components/schemas/Height"},
            "time": {"$ref": "#/components/schemas/Time"},
            "transaction": {"$ref": "#/components/schemas/Hash"},
            "operation": {"type": "integer", "minimum": 0},
            "item": {"type": "integer", "minimum": 0},
            "kind": {"type": "string", "enum": ["opened", "debit", "credit", "keysRotated", "statusSet"]},
            "asset": {"$ref": "#/components/schemas/AssetCode"},
            "amount": {"$ref": "#/components/schemas/Amount"},
            "counterparty": {"$ref": "#/components/schemas/Address"},
            "memo": {"$ref": "#/components/schemas/Memo"}
          }
        },
        "Assets": {
          "type": "object", "required": ["assets", "height"], "additionalProperties": false,
          "properties": {"assets": {"type": "array", "items": {"$ref": "#/components/schemas/Asset"}}, "height": {"$ref": "#/components/schemas/Height"}}
        },
        "Asset": {
          "type": "object",
          "description": "The figures are the sums over the institutions. Institutions without any figure are left out.",
          "required": ["code", "decimals", "authority", "issued", "redeemed", "outstanding", "held", "frozen", "reserveAttested", "institutions"],
          "additionalProperties": false,
          "properties": {
            "code": {"$ref": "#/components/schemas/AssetCode"},
            "decimals": {"type": "integer", "minimum": 0, "maximum": 8},
            "authority": {"$ref": "#/components/schemas/Name"},
            "issued": {"$ref": "#/components/schemas/Amount"}, "redeemed": {"$ref": "#/components/schemas/Amount"},
            "outstanding": {"$ref": "#/components/schemas/Amount"}, "held": {"$ref": "#/components/schemas/Amount"},
            "frozen": {"$ref": "#/components/schemas/Amount"}, "reserveAttested": {"$ref": "#/components/schemas/Amount"},
            "institutions": {"type": "array", "maxItems": 64, "items": {"$ref": "#/components/schemas/Supply"}}
          }
        },
        "Supply": {
          "type": "object",
          "required": ["institution", "quota", "issued", "redeemed", "outstanding", "balances", "held", "frozen", "reserveAttested"],
          "additionalProperties": false,
          "properties": {
            "institution": {"$ref": "#/components/schemas/Name"}, "quota": {"$ref": "#/components/schemas/Amount"},
            "issued": {"$ref": "#/components/schemas/Amount"}, "redeemed": {"$ref": "#/components/schemas/Amount"},
            "outstanding": {"$ref": "#/components/schemas/Amount"}, "balances": {"$ref": "#/components/schemas/Amount"},
            "held": {"$ref": "#/components/schemas/Amount"}, "frozen": {"$ref": "#/components/schemas/Amount"},
            "reserveAttested": {"$ref": "#/components/schemas/Amount"}
          }
        }
        """#

    /// Blocks, events and operation (`docs/spec/http.md` sections 3 and 4).
    static let blocks = #"""
        "Header": {
          "type": "object",
          "required": ["version", "rules", "network", "height", "time", "parent", "transactionRoot", "stateRoot", "supplyRoot", "historyRoot", "transactionCount", "systemEntryCount", "accountCount", "proposer"],
          "additionalProperties": false,
          "properties": {
            "version": {"type": "integer"}, "rules": {"type": "integer"},
            "network": {"$ref": "#/components/schemas/Hash"},
            "height": {"$ref": "#/components/schemas/Height"}, "time": {"$ref": "#/components/schemas/Time"},
            "parent": {"$ref": "#/components/schemas/Hash"}, "transactionRoot": {"$ref": "#/components/schemas/Hash"},
            "stateRoot": {"$ref": "#/components/schemas/Hash"}, "supplyRoot": {"$ref": "#/components/schemas/Hash"},
            "historyRoot": {"$ref": "#/components/schemas/Hash"},
            "transactionCount": {"type": "integer", "minimum": 0}, "systemEntryCount": {"type": "integer", "minimum": 0},
            "accountCount": {"type": "integer", "minimum": 0},
            "proposer": {"$ref": "#/components/schemas/Name"}
          }
        },
        "CertifiedHeader": {
          "type": "object", "required": ["hash", "header", "attestations"], "additionalProperties": false,
          "properties": {
            "hash": {"$ref": "#/components/schemas/Hash"}, "header": {"$ref": "#/components/schemas/Header"},
            "attestations": {"$ref": "#/components/schemas/Attestations"}
          }
        },
        "Block": {
          "type": "object", "required": ["hash", "header", "attestations", "transactions"], "additionalProperties": false,
          "properties": {
            "hash": {"$ref": "#/components/schemas/Hash"}, "header": {"$ref": "#/components/schemas/Header"},
            "attestations": {"$ref": "#/components/schemas/Attestations"},
            "transactions": {
              "type": "array",
              "items": {
                "type": "object", "required": ["id", "bytes"], "additionalProperties": false,
                "properties": {"id": {"$ref": "#/components/schemas/Hash"}, "bytes": {"$ref": "#/components/schemas/Bytes"}}
              }
            }
          }
        },
        "BlockEvent": {
          "type": "object", "required": ["height", "hash", "time", "transactionCount", "transactions", "accounts"], "additionalProperties": false,
          "properties": {
            "height": {"$ref": "#/components/schemas/Height"}, "hash": {"$ref": "#/components/schemas/Hash"}, "time": {"$ref": "#/components/schemas/Time"},
            "transactionCount": {"type": "integer", "minimum": 0},
            "transactions": {"type": "array", "items": {"$ref": "#/components/schemas/Hash"}},
            "accounts": {"type": "array", "description": "Those that the block touched.", "items": {"$ref": "#/components/schemas/Address"}}
          }
        },
        "Network": {
          "type": "object", "required": ["network", "name", "addressPrefix", "development", "height", "time"], "additionalProperties": false,
          "properties": {
            "network": {"$ref": "#/components/schemas/Hash"}, "name": {"$ref": "#/components/schemas/Name"},
            "addressPrefix": {"type": "string", "pattern": "^[a-z]{1,16}$"}, "development": {"type": "boolean"},
            "height": {"$ref": "#/components/schemas/Height"}, "time": {"$ref": "#/components/schemas/Time"}
          }
        },
        "Health": {"type": "object", "required": ["status"], "properties": {"status": {"const": "ok"}}},
        "Readiness": {"type": "object", "required": ["status", "height"], "properties": {"status": {"const": "ready"}, "height": {"$ref": "#/components/schemas/Height"}}}
        """#

    /// Problems (RFC 9457, `docs/spec/errors.md`).
    /// - Parameter codes: every code, as a JSON array.
    static func problems(codes: String) -> String {
        #"""
        "Problem": {
          "type": "object",
          "description": "RFC 9457.",
          "required": ["type", "title", "status", "detail", "code"],
          "properties": {
            "type": {"type": "string", "format": "uri-reference", "description": "The page about the code."},
            "title": {"type": "string", "description": "What the code means; the same for every problem of this code."},
            "status": {"type": "integer", "minimum": 400, "maximum": 599},
            "detail": {"type": "string", "description": "What happened this time, and what to do."},
            "code": {"$ref": "#/components/schemas/Code"},
            "field": {"type": "string", "description": "The field or parameter at fault."},
            "requestID": {"type": "string", "description": "What to quote when asking the node's operator."}
          }
        },
        "Code": {"type": "string", "description": "Stable; see errors.md.", "enum": \#(codes)},
        "ErrorPage": {
          "type": "object", "required": ["code", "status", "meaning", "action"],
          "properties": {
            "code": {"$ref": "#/components/schemas/Code"}, "status": {"type": "integer"},
            "meaning": {"type": "string"}, "action": {"type": "string", "description": "What to do about it."}
          }
        }
        """#
    }
}
