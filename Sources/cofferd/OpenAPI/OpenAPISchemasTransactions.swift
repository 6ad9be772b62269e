extension OpenAPISchemas {
    /// Transactions and what becomes of them (`docs/spec/transaction.md` section 4, `docs/spec/http.md` section 1).
    static let transactions = #"""
        "Submission": {
          "description": "A transaction, alone or with its memo.",
          "anyOf": [
            {"$ref": "#/components/schemas/AnyTransaction"},
            {
              "type": "object",
              "required": ["transaction"],
              "additionalProperties": false,
              "properties": {"transaction": {"$ref": "#/components/schemas/AnyTransaction"}, "memo": {"$ref": "#/components/schemas/Memo"}}
            }
          ]
        },
        "AnyTransaction": {
          "description": "In JSON form, or by its canonical bytes.",
          "anyOf": [
            {"$ref": "#/components/schemas/Transaction"},
            {"type": "object", "required": ["bytes"], "additionalProperties": false, "properties": {"bytes": {"$ref": "#/components/schemas/Bytes"}}}
          ]
        },
        "Transaction": {
          "type": "object",
          "required": ["network", "expiry", "nonce", "operations", "signatures"],
          "additionalProperties": false,
          "properties": {
            "network": {"$ref": "#/components/schemas/Hash"},
            "expiry": {"$ref": "#/components/schemas/Time"},
            "nonce": {"$ref": "#/components/schemas/Bytes16"},
            "memoCommitment": {"$ref": "#/components/schemas/Hash"},
            "operations": {"type": "array", "minItems": 1, "maxItems": 64, "items": {"$ref": "#/components/schemas/Operation"}},
            "signers": {"type": "array", "description": "Accounts that sign and that no operation names.", "items": {"$ref": "#/components/schemas/Address"}},
            "signatures": {"type": "array", "maxItems": 1024, "items": {"$ref": "#/components/schemas/Signature"}}
          }
        },
        "Signature": {
          "type": "object",
          "required": ["account", "key", "scheme", "signature"],
          "additionalProperties": false,
          "properties": {
            "account": {"$ref": "#/components/schemas/Address"},
            "key": {"type": "integer", "description": "Position in the account's key policy.", "minimum": 0, "maximum": 15},
            "scheme": {"$ref": "#/components/schemas/Scheme"},
            "signature": {"$ref": "#/components/schemas/Bytes64"}
          }
        },
        "Operation": {
          "oneOf": [
            {"$ref": "#/components/schemas/OpenAccounts"}, {"$ref": "#/components/schemas/Transfer"}, {"$ref": "#/components/schemas/Issue"},
            {"$ref": "#/components/schemas/Redeem"}, {"$ref": "#/components/schemas/RotateKeys"}, {"$ref": "#/components/schemas/SetStatus"}
          ],
          "discriminator": {
            "propertyName": "type",
            "mapping": {
              "openAccounts": "#/components/schemas/OpenAccounts", "transfer": "#/components/schemas/Transfer", "issue": "#/components/schemas/Issue",
              "redeem": "#/components/schemas/Redeem", "rotateKeys": "#/components/schemas/RotateKeys", "setStatus": "#/components/schemas/SetStatus"
            }
          }
        },
        "OpenAccounts": {
          "type": "object", "required": ["type", "sponsor", "openings"], "additionalProperties": false,
          "properties": {
            "type": {"const": "openAccounts"},
            "sponsor": {"$ref": "#/components/schemas/Address"},
            "openings": {
              "type": "array", "minItems": 1, "maxItems": 256,
              "items": {
                "type": "object", "required": ["kind", "tier", "salt", "policy", "possession"], "additionalProperties": false,
                "properties": {
                  "kind": {"type": "string", "enum": ["bankIssued", "walletHeld"]},
                  "tier": {"type": "integer", "minimum": 0, "maximum": 255},
                  "salt": {"$ref": "#/components/schemas/Bytes16"},
                  "policy": {"$ref": "#/components/schemas/Policy"},
                  "possession": {"$ref": "#/components/schemas/Possession"}
                }
              }
            }
          }
        },
        "Possession": {"type": "array", "description": "One signature per key of the policy, in its order.", "minItems": 1, "maxItems": 16, "items": {"$ref": "#/components/schemas/Bytes64"}},
        "Transfer": {
          "type": "object", "required": ["type", "legs"], "additionalProperties": false,
          "properties": {
            "type": {"const": "transfer"},
            "legs": {
              "type": "array", "minItems": 1, "maxItems": 1024,
              "items": {
                "type": "object", "required": ["from", "to", "asset", "amount"], "additionalProperties": false,
                "properties": {
                  "from": {"$ref": "#/components/schemas/Address"},
                  "to": {"$ref": "#/components/schemas/Address"},
                  "asset": {"$ref": "#/components/schemas/AssetCode"},
                  "amount": {"$ref": "#/components/schemas/Amount"}
                }
              }
            }
          }
        },
        "Issue": {
          "type": "object", "required": ["type", "bank", "to", "asset", "amount"], "additionalProperties": false,
          "properties": {
            "type": {"const": "issue"},
            "bank": {"$ref": "#/components/schemas/Address"}, "to": {"$ref": "#/components/schemas/Address"},
            "asset": {"$ref": "#/components/schemas/AssetCode"}, "amount": {"$ref": "#/components/schemas/Amount"}
          }
        },
        "Redeem": {
          "type": "object", "required": ["type", "bank", "from", "asset", "amount"], "additionalProperties": false,
          "properties": {
            "type": {"const": "redeem"},
            "bank": {"$ref": "#/components/schemas/Address"}, "from": {"$ref": "#/components/schemas/Address"},
            "asset": {"$ref": "#/components/schemas/AssetCode"}, "amount": {"$ref": "#/components/schemas/Amount"}
          }
        },
        "RotateKeys": {
          "type": "object", "required": ["type", "account", "policy", "possession"], "additionalProperties": false,
          "properties": {
            "type": {"const": "rotateKeys"},
            "account": {"$ref": "#/components/schemas/Address"},
            "policy": {"$ref": "#/components/schemas/Policy"},
            "possession": {"$ref": "#/components/schemas/Possession"}
          }
        },
        "SetStatus": {
          "type": "object", "required": ["type", "account", "status"], "additionalProperties": false,
          "properties": {
            "type": {"const": "setStatus"},
            "account": {"$ref": "#/components/schemas/Address"},
            "status": {"$ref": "#/components/schemas/AccountStatus"}
          }
        },
        "Status": {
          "type": "object",
          "description": "pending has no further fields, final has height, position and time, refused has code and detail.",
          "required": ["id", "status"],
          "properties": {
            "id": {"$ref": "#/components/schemas/Hash"},
            "status": {"type": "string", "enum": ["pending", "final", "refused"]},
            "height": {"$ref": "#/components/schemas/Height"},
            "position": {"type": "integer", "description": "In the block.", "minimum": 0},
            "time": {"$ref": "#/components/schemas/Time"},
            "code": {"$ref": "#/components/schemas/Code"},
            "detail": {"type": "string"}
          }
        },
        "TransactionRecord": {
          "description": "A status; when it is final, with the transaction and with its memo where the node has one.",
          "allOf": [
            {"$ref": "#/components/schemas/Status"},
            {"type": "object", "properties": {"transaction": {"$ref": "#/components/schemas/Transaction"}, "memo": {"$ref": "#/components/schemas/Memo"}}}
          ]
        },
        "BatchResults": {
          "type": "object", "required": ["results"], "additionalProperties": false,
          "properties": {
            "results": {
              "type": "array",
              "items": {
                "anyOf": [
                  {"$ref": "#/components/schemas/Status"},
                  {
                    "type": "object", "description": "Not looked at, or not readable. id is absent where the bytes do not decode.",
                    "required": ["status", "code", "detail"], "additionalProperties": false,
                    "properties": {
                      "id": {"$ref": "#/components/schemas/Hash"}, "status": {"const": "error"},
                      "code": {"$ref": "#/components/schemas/Code"}, "detail": {"type": "string"}
                    }
                  }
                ]
              }
            }
          }
        }
        """#
}
