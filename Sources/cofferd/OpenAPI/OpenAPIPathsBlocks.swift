extension OpenAPIPaths {
    /// Blocks and the checkpoint (`docs/spec/http.md` section 3).
    static let blocks = #"""
        "/v1/blocks/{height}": {
          "get": {
            "operationId": "getBlock",
            "tags": ["blocks"],
            "summary": "A block",
            "description": "By Accept: as JSON, or the certified block's canonical bytes (block.md). Genesis, height 0, has no octet form.",
            "parameters": [{"$ref": "#/components/parameters/Height"}],
            "responses": {
              "200": {
                "description": "The block.",
                "content": {
                  "application/json": {"schema": {"$ref": "#/components/schemas/Block"}},
                  "application/octet-stream": {"schema": {"description": "The certified block."}}
                }
              },
              "400": {"$ref": "#/components/responses/BadRequest"},
              "404": {"$ref": "#/components/responses/NotFound"},
              "410": {"$ref": "#/components/responses/Gone"},
              "default": {"$ref": "#/components/responses/Error"}
            },
            "x-problems": ["blockNotFound", "historyPruned", "storageDamaged"]
          }
        },
        "/v1/blocks/{height}/header": {
          "get": {
            "operationId": "getBlockHeader",
            "tags": ["blocks"],
            "summary": "A block's header and attestations",
            "description": "By Accept: as JSON, or the header's 230 canonical bytes.",
            "parameters": [{"$ref": "#/components/parameters/Height"}],
            "responses": {
              "200": {
                "description": "The header.",
                "content": {
                  "application/json": {
                    "schema": {"$ref": "#/components/schemas/CertifiedHeader"},
                    "examples": {
                      "third": {
                        "value": {
                          "hash": "5c1667f6812402cb121c17b2c387e67fb223f1aba57f6e74100deeea1a559186",
                          "header": {
                            "version": 1, "rules": 1, "network": "de83fdabbbf8ae30e3a9cf4a00d0653dfe81121c5720f133c16648ea68273cf3",
                            "height": 3, "time": "2026-01-01T00:00:03.000Z",
                            "parent": "608cde50060bdf57b908cd643c108b7a5d72aec28630894677872a190900e3e3",
                            "transactionRoot": "000910434a99a0a028399095429cc411185a540f2b2a6cdf26e6bbc1344764fc",
                            "stateRoot": "c539fc22ef5cb59302e0a160258c0ca0f805a4d0391c8fd855270916a9bef5d8",
                            "supplyRoot": "077b26070723aca0dedde07a031ebcd015b9a4557158798bce82c2c436b6030f",
                            "historyRoot": "181eb3c0bc20e1f3593762990e54e68f7477cd5f4c65bc97fa38ceb50646af4f",
                            "transactionCount": 1, "systemEntryCount": 0, "accountCount": 10, "proposer": "validator-1"
                          },
                          "attestations": [
                            {"validator": 0, "signature": "25b16944a2d417ca5c77b824f09718fb1e6a75a52b14591161ee19a81e620bbd5f3c0764532a9933ed1f20c2d86bcb3ca7a12be1b42b0d6dd8ef54866384d90f"},
                            {"validator": 1, "signature": "4cc8f4cbd6d879718c90d55cd764ec67573ed99d8c3ea1d158871a021741e5f2b0308803d4104e985ef2f8de71db832ce5e88d04ad6979fe477f95a324858730"}
                          ]
                        }
                      }
                    }
                  },
                  "application/octet-stream": {"schema": {"description": "The header."}}
                }
              },
              "400": {"$ref": "#/components/responses/BadRequest"},
              "404": {"$ref": "#/components/responses/NotFound"},
              "default": {"$ref": "#/components/responses/Error"}
            },
            "x-problems": ["blockNotFound", "storageDamaged"]
          }
        },
        "/v1/archives": {
          "get": {
            "operationId": "getArchives",
            "tags": ["blocks"],
            "summary": "The archives of pruned blocks",
            "description": "Whole segments of the export (archive.md), from height 1 and without gaps; empty while nothing was pruned.",
            "responses": {
              "200": {
                "description": "The manifest.",
                "content": {
                  "application/json": {
                    "schema": {"$ref": "#/components/schemas/Archives"},
                    "examples": {
                      "one": {
                        "value": {
                          "format": "coffer-archives/v1", "network": "de83fdabbbf8ae30e3a9cf4a00d0653dfe81121c5720f133c16648ea68273cf3",
                          "archives": [
                            {"segment": 0, "firstHeight": 1, "lastHeight": 812, "byteCount": 67108512, "sha256": "5c1667f6812402cb121c17b2c387e67fb223f1aba57f6e74100deeea1a559186"}
                          ]
                        }
                      }
                    }
                  }
                }
              },
              "503": {"$ref": "#/components/responses/ServiceUnavailable"},
              "default": {"$ref": "#/components/responses/Error"}
            },
            "x-problems": ["storageUnavailable"]
          }
        },
        "/v1/checkpoint": {
          "get": {
            "operationId": "getCheckpoint",
            "tags": ["blocks"],
            "summary": "The latest signed checkpoint",
            "description": "A C2SP tlog-checkpoint (checkpoint.md): the size and root of the tree over all headers, signed by validators, and cosigned by the node's witnesses if it has any (witness.md).",
            "responses": {
              "200": {
                "description": "The checkpoint.",
                "content": {
                  "text/plain": {
                    "schema": {"type": "string"},
                    "examples": {
                      "twoValidators": {
                        "value": "coffer/de83fdabbbf8ae30e3a9cf4a00d0653dfe81121c5720f133c16648ea68273cf3\n4\nMIhV9KviGRpMcTRePWr51I9MiCDK+lh4FTssZbhhhLE=\n\n— coffer/de83fdabbbf8ae30e3a9cf4a00d0653dfe81121c5720f133c16648ea68273cf3 PTD/yHRaN5lNphoiRFvXlvYCH3zRUKd0LL5D9tNZhzCA6/2NeKJ3dMXDix9+b7WPPyFpAgNDxK5pilBEvWQf1TjlsQU=\n— coffer/de83fdabbbf8ae30e3a9cf4a00d0653dfe81121c5720f133c16648ea68273cf3 OfdTN3lTMhrtV5ekiEBbYI7Qe6CNz5iOQ5KAhsFqRBquVt3+d7o+lIqk2IKKwS1tZlMqX2NpEchgtVbOa4cBWtMABwM=\n"
                      }
                    }
                  }
                }
              },
              "default": {"$ref": "#/components/responses/Error"}
            },
            "x-problems": []
          }
        }
        """#

    /// The event stream (`docs/spec/http.md` section 3).
    static let events = #"""
        "/v1/events": {
          "get": {
            "operationId": "streamEvents",
            "tags": ["blocks"],
            "summary": "Events as they happen",
            "description": "Server-sent events. Every final block is an event named block, whose id is its height and whose data is a BlockEvent. With Last-Event-ID: N the stream starts after height N. Comments keep the connection open. A reader that falls too far behind is disconnected, and resumes by its last id.",
            "parameters": [{"name": "Last-Event-ID", "in": "header", "description": "The height of the last event that was seen.", "schema": {"$ref": "#/components/schemas/Height"}}],
            "responses": {
              "200": {
                "description": "The stream; it does not end by itself.",
                "content": {
                  "text/event-stream": {
                    "schema": {"type": "string"},
                    "examples": {
                      "oneBlock": {
                        "value": "id: 3\nevent: block\ndata: {\"height\":3,\"hash\":\"5c1667f6812402cb121c17b2c387e67fb223f1aba57f6e74100deeea1a559186\",\"time\":\"2026-01-01T00:00:03.000Z\",\"transactionCount\":1,\"transactions\":[\"eb98c4c7c223feb93c65cab26490b0ec2842bb79c25c504001e418434775a984\"],\"accounts\":[\"exa1jj6a2lcz2n7lv5fz36k02yj85qvmxsuwe7q27tftaffrcq6n8rqsla3n8z\",\"exa1uqnujpskm3pguex4m95ky5nhg23wqzylpxy32uq75073ylwelwaqsu9jvv\"]}\n\n"
                      }
                    }
                  }
                }
              },
              "400": {"$ref": "#/components/responses/BadRequest"},
              "410": {"$ref": "#/components/responses/Gone"},
              "503": {"$ref": "#/components/responses/ServiceUnavailable"},
              "default": {"$ref": "#/components/responses/Error"}
            },
            "x-problems": ["tooManySubscribers", "historyPruned", "storageDamaged"]
          }
        }
        """#
}
