extension OpenAPIPaths {
    /// Operation (`docs/spec/http.md` section 4).
    static let operation = #"""
        "/v1/network": {
          "get": {
            "operationId": "getNetwork",
            "tags": ["operation"],
            "summary": "Which network the node is of",
            "description": "What a client compares with its chain specification before it trusts the node.",
            "responses": {
              "200": {
                "description": "The network, and the latest final block.",
                "content": {
                  "application/json": {
                    "schema": {"$ref": "#/components/schemas/Network"},
                    "examples": {
                      "example": {"value": {"network": "de83fdabbbf8ae30e3a9cf4a00d0653dfe81121c5720f133c16648ea68273cf3", "name": "reference-example", "addressPrefix": "exa", "development": true, "height": 3, "time": "2026-01-01T00:00:03.000Z"}}
                    }
                  }
                }
              },
              "default": {"$ref": "#/components/responses/Error"}
            },
            "x-problems": []
          }
        },
        "/healthz": {
          "get": {
            "operationId": "getHealth",
            "tags": ["operation"],
            "summary": "Whether the process runs",
            "responses": {
              "200": {"description": "It does.", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Health"}, "examples": {"running": {"value": {"status": "ok"}}}}}},
              "default": {"$ref": "#/components/responses/Error"}
            },
            "x-problems": []
          }
        },
        "/readyz": {
          "get": {
            "operationId": "getReadiness",
            "tags": ["operation"],
            "summary": "Whether the node takes transactions",
            "responses": {
              "200": {"description": "It does.", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Readiness"}, "examples": {"ready": {"value": {"status": "ready", "height": 3}}}}}},
              "503": {"$ref": "#/components/responses/ServiceUnavailable"},
              "default": {"$ref": "#/components/responses/Error"}
            },
            "x-problems": ["storageFull", "storageUnavailable"]
          }
        },
        "/metrics": {
          "get": {
            "operationId": "getMetrics",
            "tags": ["operation"],
            "summary": "Metrics, in Prometheus' text format",
            "responses": {
              "200": {"description": "The metrics.", "content": {"text/plain": {"schema": {"type": "string"}}}},
              "default": {"$ref": "#/components/responses/Error"}
            },
            "x-problems": []
          }
        },
        "/openapi.json": {
          "get": {
            "operationId": "getOpenAPI",
            "tags": ["operation"],
            "summary": "This document",
            "responses": {
              "200": {"description": "The document.", "content": {"application/json": {"schema": {"type": "object"}}}},
              "default": {"$ref": "#/components/responses/Error"}
            },
            "x-problems": []
          }
        },
        "/errors/{code}": {
          "get": {
            "operationId": "getError",
            "tags": ["operation"],
            "summary": "What an error code means",
            "description": "The page that the type of a problem refers to.",
            "parameters": [{"name": "code", "in": "path", "required": true, "schema": {"type": "string"}, "example": "insufficientFunds"}],
            "responses": {
              "200": {
                "description": "The code's entry in the catalogue.",
                "content": {
                  "application/json": {
                    "schema": {"$ref": "#/components/schemas/ErrorPage"},
                    "examples": {
                      "insufficientFunds": {"value": {"code": "insufficientFunds", "status": 422, "meaning": "The paying account has less available than the amount", "action": "Pay less, or credit the account first"}}
                    }
                  }
                }
              },
              "404": {"$ref": "#/components/responses/NotFound"},
              "default": {"$ref": "#/components/responses/Error"}
            },
            "x-problems": []
          }
        }
        """#
}
