extension OpenAPIPaths {
    /// Submitting and following transactions (`docs/spec/http.md` section 1).
    static let transactions = #"""
        "/v1/transactions": {
          "post": {
            "operationId": "submitTransaction",
            "tags": ["transactions"],
            "summary": "Submit a transaction",
            "description": "Answers as soon as the transaction is admitted, or where it already is. The same transaction again gets the same answer.",
            "parameters": [{"$ref": "#/components/parameters/Wait"}],
            "requestBody": {
              "required": true,
              "content": {
                "application/json": {
                  "schema": {"$ref": "#/components/schemas/Submission"},
                  "examples": {
                    "withMemo": {
                      "summary": "The transaction's bytes, with its memo",
                      "value": {
                        "transaction": {"bytes": "01de83fdabbbf8ae30e3a9cf4a00d0653dfe81121c5720f133c16648ea68273cf30000019b76db9a3000000000000000000000000000000003304093464735bb357f620287962c34caf741db3692d023d82d23a9f020f9a020000294b5d57f0254fdf651228eacf51247a019b3438ecf80af2d2bea523c035338c1e027c90616dc428e64d5d96962527742a2e0089f098915701ea3fd127dd9fbba0102000100000001000000000000000004d2000100000001da13463ab782230545d6f4950846dd6ec30612a802599a50809bd8667836fa4729c1372d2bc7b22057f444dd33e065c66fdc393d5b30ca89cda50f137ec9ade4"},
                        "memo": {"salt": "00000000000000000000000000000007", "text": "Invoice 7"}
                      }
                    },
                    "inFull": {
                      "summary": "The same transaction in JSON form, without its memo",
                      "value": {
                        "network": "de83fdabbbf8ae30e3a9cf4a00d0653dfe81121c5720f133c16648ea68273cf3",
                        "expiry": "2026-01-01T00:01:02.000Z",
                        "nonce": "00000000000000000000000000000003",
                        "memoCommitment": "304093464735bb357f620287962c34caf741db3692d023d82d23a9f020f9a020",
                        "operations": [
                          {"type": "transfer", "legs": [{"from": "exa1jj6a2lcz2n7lv5fz36k02yj85qvmxsuwe7q27tftaffrcq6n8rqsla3n8z", "to": "exa1uqnujpskm3pguex4m95ky5nhg23wqzylpxy32uq75073ylwelwaqsu9jvv", "asset": "EUR", "amount": "12.34"}]}
                        ],
                        "signatures": [
                          {"account": "exa1jj6a2lcz2n7lv5fz36k02yj85qvmxsuwe7q27tftaffrcq6n8rqsla3n8z", "key": 0, "scheme": "bip340", "signature": "da13463ab782230545d6f4950846dd6ec30612a802599a50809bd8667836fa4729c1372d2bc7b22057f444dd33e065c66fdc393d5b30ca89cda50f137ec9ade4"}
                        ]
                      }
                    }
                  }
                },
                "application/octet-stream": {"schema": {"description": "The canonical bytes of a transaction (transaction.md), at most 524,288."}}
              }
            },
            "responses": {
              "200": {"$ref": "#/components/responses/Status"},
              "400": {"$ref": "#/components/responses/BadRequest"},
              "408": {"$ref": "#/components/responses/RequestTimeout"},
              "413": {"$ref": "#/components/responses/ContentTooLarge"},
              "415": {"$ref": "#/components/responses/UnsupportedMediaType"},
              "422": {"$ref": "#/components/responses/Unprocessable"},
              "429": {"$ref": "#/components/responses/TooManyRequests"},
              "503": {"$ref": "#/components/responses/ServiceUnavailable"},
              "default": {"$ref": "#/components/responses/Error"}
            },
            "x-problems": ["json", "decoding", "refusal", "memoMismatch", "unsupportedMediaType", "queueFull", "storageFull", "storageUnavailable"]
          }
        },
        "/v1/transactions/batch": {
          "post": {
            "operationId": "submitBatch",
            "tags": ["transactions"],
            "summary": "Submit many transactions",
            "description": "Each transaction is judged for itself and has its own result; those with queueFull may be submitted again. Bytes that cannot be split refuse the whole batch, and nothing of it is taken in.",
            "parameters": [{"$ref": "#/components/parameters/Wait"}],
            "requestBody": {
              "required": true,
              "content": {
                "application/octet-stream": {"schema": {"description": "Per transaction its length as a u32, most significant byte first, and its canonical bytes; at most 10,000."}}
              }
            },
            "responses": {
              "200": {
                "description": "One result per transaction, in the same order.",
                "content": {
                  "application/json": {
                    "schema": {"$ref": "#/components/schemas/BatchResults"},
                    "examples": {
                      "mixed": {
                        "value": {
                          "results": [
                            {"id": "eb98c4c7c223feb93c65cab26490b0ec2842bb79c25c504001e418434775a984", "status": "pending"},
                            {"id": "608cde50060bdf57b908cd643c108b7a5d72aec28630894677872a190900e3e3", "status": "error", "code": "queueFull", "detail": "The node has as many transactions waiting as it takes."}
                          ]
                        }
                      }
                    }
                  }
                }
              },
              "400": {"$ref": "#/components/responses/BadRequest"},
              "408": {"$ref": "#/components/responses/RequestTimeout"},
              "413": {"$ref": "#/components/responses/ContentTooLarge"},
              "415": {"$ref": "#/components/responses/UnsupportedMediaType"},
              "503": {"$ref": "#/components/responses/ServiceUnavailable"},
              "default": {"$ref": "#/components/responses/Error"}
            },
            "x-problems": ["malformedBatch", "tooManyTransactions", "unsupportedMediaType", "storageFull", "storageUnavailable"]
          }
        },
        "/v1/transactions/{id}": {
          "get": {
            "operationId": "getTransaction",
            "tags": ["transactions"],
            "summary": "What became of a transaction",
            "description": "The status; when it is final, with the transaction itself, and with its memo where the node has one.",
            "parameters": [{"$ref": "#/components/parameters/TransactionID"}],
            "responses": {
              "200": {
                "description": "What the node knows of it.",
                "content": {
                  "application/json": {
                    "schema": {"$ref": "#/components/schemas/TransactionRecord"},
                    "examples": {
                      "refused": {
                        "value": {"id": "eb98c4c7c223feb93c65cab26490b0ec2842bb79c25c504001e418434775a984", "status": "refused", "code": "insufficientFunds", "detail": "operation 0, item 0: the paying account has less available than the amount."}
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
            "x-problems": ["malformedIdentifier", "transactionNotFound", "historyPruned", "storageDamaged"]
          }
        },
        "/v1/transactions/{id}/receipt": {
          "get": {
            "operationId": "getReceipt",
            "tags": ["transactions"],
            "summary": "The proof that a transaction is final",
            "description": "Checks offline, with the chain specification and nothing else (proofs.md).",
            "parameters": [
              {"$ref": "#/components/parameters/TransactionID"},
              {"name": "memo", "in": "query", "description": "true puts the memo into the receipt, where the node has one.", "schema": {"type": "boolean", "default": false}}
            ],
            "responses": {
              "200": {
                "description": "The receipt.",
                "content": {
                  "application/json": {
                    "schema": {"$ref": "#/components/schemas/Receipt"},
                    "examples": {
                      "withMemo": {
                        "value": {
                          "format": "coffer-receipt/v1",
                          "transaction": "01de83fdabbbf8ae30e3a9cf4a00d0653dfe81121c5720f133c16648ea68273cf30000019b76db9a3000000000000000000000000000000003304093464735bb357f620287962c34caf741db3692d023d82d23a9f020f9a020000294b5d57f0254fdf651228eacf51247a019b3438ecf80af2d2bea523c035338c1e027c90616dc428e64d5d96962527742a2e0089f098915701ea3fd127dd9fbba0102000100000001000000000000000004d2000100000001da13463ab782230545d6f4950846dd6ec30612a802599a50809bd8667836fa4729c1372d2bc7b22057f444dd33e065c66fdc393d5b30ca89cda50f137ec9ade4",
                          "index": 0,
                          "path": [],
                          "header": "00010001de83fdabbbf8ae30e3a9cf4a00d0653dfe81121c5720f133c16648ea68273cf300000000000000030000019b76dab3b8608cde50060bdf57b908cd643c108b7a5d72aec28630894677872a190900e3e3000910434a99a0a028399095429cc411185a540f2b2a6cdf26e6bbc1344764fcc539fc22ef5cb59302e0a160258c0ca0f805a4d0391c8fd855270916a9bef5d8077b26070723aca0dedde07a031ebcd015b9a4557158798bce82c2c436b6030f181eb3c0bc20e1f3593762990e54e68f7477cd5f4c65bc97fa38ceb50646af4f0000000100000000000000000000000a0000",
                          "attestations": [
                            {"validator": 0, "signature": "25b16944a2d417ca5c77b824f09718fb1e6a75a52b14591161ee19a81e620bbd5f3c0764532a9933ed1f20c2d86bcb3ca7a12be1b42b0d6dd8ef54866384d90f"},
                            {"validator": 1, "signature": "4cc8f4cbd6d879718c90d55cd764ec67573ed99d8c3ea1d158871a021741e5f2b0308803d4104e985ef2f8de71db832ce5e88d04ad6979fe477f95a324858730"}
                          ],
                          "memo": {"salt": "00000000000000000000000000000007", "text": "Invoice 7"}
                        }
                      }
                    }
                  }
                }
              },
              "400": {"$ref": "#/components/responses/BadRequest"},
              "404": {"$ref": "#/components/responses/NotFound"},
              "410": {"$ref": "#/components/responses/Gone"},
              "409": {"$ref": "#/components/responses/Conflict"},
              "422": {"$ref": "#/components/responses/Unprocessable"},
              "default": {"$ref": "#/components/responses/Error"}
            },
            "x-problems": ["malformedIdentifier", "transactionNotFound", "notFinal", "refusal", "historyPruned", "storageDamaged"]
          }
        }
        """#
}
