extension OpenAPIPaths {
    /// Accounts (`docs/spec/http.md` section 2).
    static let accounts = #"""
        "/v1/accounts/{address}": {
          "get": {
            "operationId": "getAccount",
            "tags": ["accounts"],
            "summary": "The state of an account, or its proof",
            "parameters": [
              {"$ref": "#/components/parameters/Address"},
              {"name": "height", "in": "query", "description": "As of this height; without it, the latest.", "schema": {"$ref": "#/components/schemas/Height"}},
              {"name": "proof", "in": "query", "description": "true answers with a balance proof (proofs.md) of the latest state.", "schema": {"type": "boolean", "default": false}}
            ],
            "responses": {
              "200": {
                "description": "The account; with proof=true, its balance proof.",
                "content": {
                  "application/json": {
                    "schema": {"oneOf": [{"$ref": "#/components/schemas/Account"}, {"$ref": "#/components/schemas/BalanceProof"}]},
                    "examples": {
                      "wallet": {
                        "value": {
                          "address": "exa1jj6a2lcz2n7lv5fz36k02yj85qvmxsuwe7q27tftaffrcq6n8rqsla3n8z",
                          "id": "94b5d57f0254fdf651228eacf51247a019b3438ecf80af2d2bea523c035338c1",
                          "index": 8, "kind": "walletHeld", "status": "active", "tier": 1, "institution": "wallet-operator", "openedHeight": 1,
                          "policy": {"threshold": 1, "keys": [{"scheme": "bip340", "key": "9e9f902e6152d33680c7b5f94b38a1b795f647528c6cb6acbc835e40f643a448", "weight": 1}]},
                          "entryCount": 3, "entryHash": "6d3db6ad6677b2f2f043903e517a7b9ee65689e0aba51f4337cc04c74dd84b62",
                          "balances": [{"asset": "EUR", "posted": "87.66", "available": "87.66", "pendingDebits": "0.00", "pendingCredits": "0.00", "creditsPosted": "100.00", "debitsPosted": "12.34"}],
                          "height": 3
                        }
                      }
                    }
                  }
                }
              },
              "400": {"$ref": "#/components/responses/BadRequest"},
              "404": {"$ref": "#/components/responses/NotFound"},
              "410": {"$ref": "#/components/responses/Gone"},
              "422": {"$ref": "#/components/responses/Unprocessable"},
              "default": {"$ref": "#/components/responses/Error"}
            },
            "x-problems": ["malformedAddress", "accountNotFound", "blockNotFound", "proofUnavailable", "historyPruned", "storageDamaged"]
          }
        },
        "/v1/accounts/{address}/statement": {
          "get": {
            "operationId": "getStatement",
            "tags": ["accounts"],
            "summary": "The entries of an account, page by page",
            "parameters": [
              {"$ref": "#/components/parameters/Address"},
              {"name": "limit", "in": "query", "description": "Entries on the page.", "schema": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 100}},
              {"name": "cursor", "in": "query", "description": "What the page before gave as next.", "schema": {"$ref": "#/components/schemas/Cursor"}},
              {"name": "order", "in": "query", "description": "Oldest or newest first. A cursor belongs to its order.", "schema": {"type": "string", "enum": ["ascending", "descending"], "default": "ascending"}}
            ],
            "responses": {
              "200": {
                "description": "A page. The last one has no next.",
                "content": {
                  "application/json": {
                    "schema": {"$ref": "#/components/schemas/Statement"},
                    "examples": {
                      "onePage": {
                        "value": {
                          "address": "exa1jj6a2lcz2n7lv5fz36k02yj85qvmxsuwe7q27tftaffrcq6n8rqsla3n8z",
                          "entries": [
                            {"sequence": 2, "height": 3, "time": "2026-01-01T00:00:03.000Z", "transaction": "eb98c4c7c223feb93c65cab26490b0ec2842bb79c25c504001e418434775a984", "operation": 0, "item": 0, "kind": "debit", "asset": "EUR", "amount": "12.34", "counterparty": "exa1uqnujpskm3pguex4m95ky5nhg23wqzylpxy32uq75073ylwelwaqsu9jvv", "memo": {"salt": "00000000000000000000000000000007", "text": "Invoice 7"}}
                          ]
                        }
                      }
                    }
                  }
                }
              },
              "400": {"$ref": "#/components/responses/BadRequest"},
              "404": {"$ref": "#/components/responses/NotFound"},
              "410": {"$ref": "#/components/responses/Gone"},
              "default": {"$ref": "#/components/responses/Error"}
            },
            "x-problems": ["malformedAddress", "accountNotFound", "historyPruned", "storageDamaged"]
          }
        }
        """#

    /// Assets (`docs/spec/http.md` section 2).
    static let assets = #"""
        "/v1/assets": {
          "get": {
            "operationId": "listAssets",
            "tags": ["assets"],
            "summary": "All assets, with their supply",
            "responses": {
              "200": {"description": "The assets, as of a height.", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Assets"}}}},
              "default": {"$ref": "#/components/responses/Error"}
            },
            "x-problems": ["storageDamaged"]
          }
        },
        "/v1/assets/{code}": {
          "get": {
            "operationId": "getAsset",
            "tags": ["assets"],
            "summary": "One asset, with its supply per institution, or the proof of it",
            "parameters": [
              {"name": "code", "in": "path", "required": true, "schema": {"$ref": "#/components/schemas/AssetCode"}, "example": "EUR"},
              {"name": "proof", "in": "query", "description": "true answers with a supply proof (proofs.md) of the latest state.", "schema": {"type": "boolean", "default": false}}
            ],
            "responses": {
              "200": {
                "description": "The asset; with proof=true, its supply proof.",
                "content": {
                  "application/json": {
                    "schema": {"oneOf": [{"$ref": "#/components/schemas/Asset"}, {"$ref": "#/components/schemas/SupplyProof"}]},
                    "examples": {
                      "oneBank": {
                        "value": {
                          "code": "EUR", "decimals": 2, "authority": "central-bank",
                          "issued": "100.00", "redeemed": "0.00", "outstanding": "100.00", "held": "0.00", "frozen": "0.00", "reserveAttested": "0.00",
                          "institutions": [
                            {"institution": "first-bank", "quota": "1000.00", "issued": "100.00", "redeemed": "0.00", "outstanding": "100.00", "balances": "12.34", "held": "0.00", "frozen": "0.00", "reserveAttested": "0.00"},
                            {"institution": "wallet-operator", "quota": "0.00", "issued": "0.00", "redeemed": "0.00", "outstanding": "0.00", "balances": "87.66", "held": "0.00", "frozen": "0.00", "reserveAttested": "0.00"}
                          ]
                        }
                      }
                    }
                  }
                }
              },
              "400": {"$ref": "#/components/responses/BadRequest"},
              "404": {"$ref": "#/components/responses/NotFound"},
              "default": {"$ref": "#/components/responses/Error"}
            },
            "x-problems": ["assetNotFound", "storageDamaged"]
          }
        }
        """#
}
