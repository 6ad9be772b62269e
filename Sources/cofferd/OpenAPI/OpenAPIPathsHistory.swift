extension OpenAPIPaths {
    /// Proofs in the tree over all headers (`docs/spec/http.md` section 3).
    static let history = #"""
        "/v1/checkpoint/consistency": {
          "get": {
            "operationId": "getConsistencyProof",
            "tags": ["blocks"],
            "summary": "The proof that one checkpoint's history begins with another's",
            "description": "A consistency proof of RFC 6962 between two sizes of the tree over all headers (checkpoint.md section 3).",
            "parameters": [
              {"name": "oldSize", "in": "query", "required": true, "description": "The earlier checkpoint's size.", "schema": {"type": "integer", "minimum": 1}},
              {"name": "newSize", "in": "query", "description": "The later checkpoint's size; without it, the present one.", "schema": {"type": "integer", "minimum": 1}}
            ],
            "responses": {
              "200": {"description": "The proof.", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/ConsistencyProof"}}}},
              "400": {"$ref": "#/components/responses/BadRequest"},
              "404": {"$ref": "#/components/responses/NotFound"},
              "503": {"$ref": "#/components/responses/ServiceUnavailable"},
              "default": {"$ref": "#/components/responses/Error"}
            },
            "x-problems": ["blockNotFound", "historyNotReady", "storageDamaged"]
          }
        },
        "/v1/blocks/{height}/inclusion": {
          "get": {
            "operationId": "getHeaderInclusion",
            "tags": ["blocks"],
            "summary": "The path from a header to a checkpoint",
            "description": "An inclusion proof of RFC 6962 in the tree over all headers (checkpoint.md section 4).",
            "parameters": [
              {"$ref": "#/components/parameters/Height"},
              {"name": "size", "in": "query", "description": "The checkpoint's size, above the height; without it, the present one.", "schema": {"type": "integer", "minimum": 1}}
            ],
            "responses": {
              "200": {"description": "The path.", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/HeaderInclusion"}}}},
              "400": {"$ref": "#/components/responses/BadRequest"},
              "404": {"$ref": "#/components/responses/NotFound"},
              "503": {"$ref": "#/components/responses/ServiceUnavailable"},
              "default": {"$ref": "#/components/responses/Error"}
            },
            "x-problems": ["blockNotFound", "historyNotReady", "storageDamaged"]
          }
        }
        """#
}
