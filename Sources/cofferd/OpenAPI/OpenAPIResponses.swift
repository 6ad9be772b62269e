/// The answers that several operations share: the status of a transaction, and one answer per HTTP status that says something is wrong.
enum OpenAPIResponses {
    static let headers = #"""
        "RequestID": {"description": "The id of the request, given by the client or made by the node.", "schema": {"type": "string"}},
        "RetryAfter": {"description": "Seconds after which to try again.", "schema": {"type": "integer", "minimum": 1}},
        "Allow": {"description": "The methods that the path takes.", "schema": {"type": "string"}}
        """#

    static let text = #"""
        "Status": {
          "description": "The transaction is admitted, or final.",
          "headers": {"X-Request-ID": {"$ref": "#/components/headers/RequestID"}},
          "content": {
            "application/json": {
              "schema": {"$ref": "#/components/schemas/Status"},
              "examples": {
                "pending": {"value": {"id": "eb98c4c7c223feb93c65cab26490b0ec2842bb79c25c504001e418434775a984", "status": "pending"}},
                "final": {"value": {"id": "eb98c4c7c223feb93c65cab26490b0ec2842bb79c25c504001e418434775a984", "status": "final", "height": 3, "position": 0, "time": "2026-01-01T00:00:03.000Z"}}
              }
            }
          }
        },
        "BadRequest": {
          "description": "The request cannot be read.",
          "headers": {"X-Request-ID": {"$ref": "#/components/headers/RequestID"}},
          "content": {
            "application/problem+json": {
              "schema": {"$ref": "#/components/schemas/Problem"},
              "examples": {
                "field": {"value": {"type": "/errors/fieldValue", "title": "A field has a value that it cannot have", "status": 400, "detail": "operations[0].legs[0].amount must have at most 2 digits after the point, as the asset has; amounts are never rounded", "code": "fieldValue", "field": "operations[0].legs[0].amount", "requestID": "b4f2f5bbdd0e43a1"}}
              }
            }
          }
        },
        "NotFound": {
          "description": "There is no such thing.",
          "headers": {"X-Request-ID": {"$ref": "#/components/headers/RequestID"}},
          "content": {
            "application/problem+json": {
              "schema": {"$ref": "#/components/schemas/Problem"},
              "examples": {
                "account": {"value": {"type": "/errors/accountNotFound", "title": "No account with this address is open", "status": 404, "detail": "No account with this address is open. Check the address, or open the account first.", "code": "accountNotFound", "requestID": "b4f2f5bbdd0e43a1"}}
              }
            }
          }
        },
        "RequestTimeout": {
          "description": "The body did not arrive in time. The connection is closed.",
          "headers": {"X-Request-ID": {"$ref": "#/components/headers/RequestID"}},
          "content": {
            "application/problem+json": {
              "schema": {"$ref": "#/components/schemas/Problem"},
              "examples": {
                "slow": {"value": {"type": "/errors/requestTimeout", "title": "The body did not arrive in time", "status": 408, "detail": "The body did not arrive in time. Send it again, faster or in smaller parts; nothing of it was taken in.", "code": "requestTimeout", "requestID": "b4f2f5bbdd0e43a1"}}
              }
            }
          }
        },
        "Conflict": {
          "description": "The transaction is pending and has no receipt yet.",
          "headers": {"X-Request-ID": {"$ref": "#/components/headers/RequestID"}, "Retry-After": {"$ref": "#/components/headers/RetryAfter"}},
          "content": {
            "application/problem+json": {
              "schema": {"$ref": "#/components/schemas/Problem"},
              "examples": {
                "pending": {"value": {"type": "/errors/notFinal", "title": "The transaction is pending, and has no receipt before it is final", "status": 409, "detail": "The transaction is pending, and has no receipt before it is final. Ask again, or submit it once more with `?wait=final`.", "code": "notFinal", "requestID": "b4f2f5bbdd0e43a1"}}
              }
            }
          }
        },
        "Gone": {
          "description": "The node does not keep the body of that block any more; detail names the archive that has it.",
          "headers": {"X-Request-ID": {"$ref": "#/components/headers/RequestID"}},
          "content": {
            "application/problem+json": {
              "schema": {"$ref": "#/components/schemas/Problem"},
              "examples": {
                "pruned": {"value": {"type": "/errors/historyPruned", "title": "The node does not keep the body of that block any more: it is in an archive", "status": 410, "detail": "The body of the block of height 7 was pruned. It is in the archive blocks-00000000.coffer (heights 1 to 812, SHA-256 5c1667f6812402cb121c17b2c387e67fb223f1aba57f6e74100deeea1a559186): look there.", "code": "historyPruned", "requestID": "b4f2f5bbdd0e43a1"}}
              }
            }
          }
        },
        "ContentTooLarge": {
          "description": "The body is larger than the route takes. The connection is closed.",
          "headers": {"X-Request-ID": {"$ref": "#/components/headers/RequestID"}},
          "content": {
            "application/problem+json": {
              "schema": {"$ref": "#/components/schemas/Problem"},
              "examples": {
                "large": {"value": {"type": "/errors/bodyTooLarge", "title": "The body is larger than the route takes", "status": 413, "detail": "The body has more than the 4194304 bytes that this route takes; send less at once.", "code": "bodyTooLarge", "requestID": "b4f2f5bbdd0e43a1"}}
              }
            }
          }
        },
        "UnsupportedMediaType": {
          "description": "The body has a media type that the route does not read.",
          "headers": {"X-Request-ID": {"$ref": "#/components/headers/RequestID"}},
          "content": {
            "application/problem+json": {
              "schema": {"$ref": "#/components/schemas/Problem"},
              "examples": {
                "xml": {"value": {"type": "/errors/unsupportedMediaType", "title": "The body has a media type that the route does not read", "status": 415, "detail": "This route reads application/json and application/octet-stream.", "code": "unsupportedMediaType", "requestID": "b4f2f5bbdd0e43a1"}}
              }
            }
          }
        },
        "Unprocessable": {
          "description": "The request can be read, and cannot be fulfilled: for a transaction, the rules refuse it.",
          "headers": {"X-Request-ID": {"$ref": "#/components/headers/RequestID"}},
          "content": {
            "application/problem+json": {
              "schema": {"$ref": "#/components/schemas/Problem"},
              "examples": {
                "funds": {"value": {"type": "/errors/insufficientFunds", "title": "The paying account has less available than the amount", "status": 422, "detail": "operation 0, item 0: the paying account has less available than the amount.", "code": "insufficientFunds", "field": "operations[0]", "requestID": "b4f2f5bbdd0e43a1"}}
              }
            }
          }
        },
        "TooManyRequests": {
          "description": "Too many transactions wait. Submitting the same bytes again is safe.",
          "headers": {"X-Request-ID": {"$ref": "#/components/headers/RequestID"}, "Retry-After": {"$ref": "#/components/headers/RetryAfter"}},
          "content": {
            "application/problem+json": {
              "schema": {"$ref": "#/components/schemas/Problem"},
              "examples": {
                "full": {"value": {"type": "/errors/queueFull", "title": "The node has as many transactions waiting as it takes", "status": 429, "detail": "The node has as many transactions waiting as it takes. Submit the same bytes again after `Retry-After` seconds.", "code": "queueFull", "requestID": "b4f2f5bbdd0e43a1"}}
              }
            }
          }
        },
        "ServiceUnavailable": {
          "description": "The node cannot answer at present.",
          "headers": {"X-Request-ID": {"$ref": "#/components/headers/RequestID"}, "Retry-After": {"$ref": "#/components/headers/RetryAfter"}},
          "content": {
            "application/problem+json": {
              "schema": {"$ref": "#/components/schemas/Problem"},
              "examples": {
                "disk": {"value": {"type": "/errors/storageFull", "title": "The node's disk is full, and it takes nothing in until there is room", "status": 503, "detail": "The node's disk is full, and it takes nothing in until there is room. Submit the same bytes again later, or to another node.", "code": "storageFull", "requestID": "b4f2f5bbdd0e43a1"}}
              }
            }
          }
        },
        "Error": {
          "description": "Any other error; code says which. 405 comes with Allow.",
          "headers": {"X-Request-ID": {"$ref": "#/components/headers/RequestID"}, "Allow": {"$ref": "#/components/headers/Allow"}},
          "content": {
            "application/problem+json": {
              "schema": {"$ref": "#/components/schemas/Problem"},
              "examples": {
                "unexpected": {"value": {"type": "/errors/internalError", "title": "The node failed in a way it should not", "status": 500, "detail": "The node failed in a way it should not. Tell the node's operator the request id; submitting the same bytes again is safe.", "code": "internalError", "requestID": "b4f2f5bbdd0e43a1"}}
              }
            }
          }
        }
        """#
}
