import Ledger

/// The description of the HTTP interface for programs (OpenAPI 3.1), as `/openapi.json` serves it.
///
/// Written by hand beside `docs/spec/http.md`, part by part, as text within the executable: it needs no file beside it. Tests read it
/// with the strict JSON reader and hold it against the routes and against the catalogue of errors.
///
/// `x-problems` lists the error codes of an operation; `json`, `decoding` and `refusal` stand for all codes of those groups. Those at the
/// top of the document can answer any request.
enum OpenAPIDocument {
    /// The document.
    static let text = """
        {
        "openapi": "3.1.0",
        \(head),
        "paths": {
        \(OpenAPIPaths.transactions),
        \(OpenAPIPaths.accounts),
        \(OpenAPIPaths.assets),
        \(OpenAPIPaths.blocks),
        \(OpenAPIPaths.history),
        \(OpenAPIPaths.events),
        \(OpenAPIPaths.operation)
        },
        "components": {
        "parameters": {
        \(OpenAPIParameters.text)
        },
        "headers": {
        \(OpenAPIResponses.headers)
        },
        "responses": {
        \(OpenAPIResponses.text)
        },
        "schemas": {
        \(OpenAPISchemas.values),
        \(OpenAPISchemas.transactions),
        \(OpenAPISchemas.proofs),
        \(OpenAPISchemas.accounts),
        \(OpenAPISchemas.blocks),
        \(OpenAPISchemas.problems(codes: codes))
        }
        }
        }

        """

    /// The codes that this interface answers with, as a JSON array.
    private static let codes = JSON.array(
        ProblemCode.allCases.filter(\.isAnsweredOverHTTP).map { .string($0.name) }
    ).text()

    private static let head = #"""
        "info": {
          "title": "Coffer node",
          "version": "1",
          "summary": "A ledger for digital currency between banks and wallets.",
          "description": "Amounts are decimal strings, times RFC 3339 UTC, ids and hashes lowercase hexadecimal. JSON is read strictly: no unknown or repeated fields, no signs, fractions or exponents in numbers. Errors are application/problem+json with a stable code. A client may give X-Request-ID; every answer carries one. GET routes answer HEAD as well. Other methods get methodNotAllowed with Allow."
        },
        "servers": [{"url": "http://127.0.0.1:8420", "description": "A node on this machine"}],
        "tags": [
          {"name": "transactions", "description": "Submit, follow, and prove transactions."},
          {"name": "accounts", "description": "Read accounts, prove their state, page through their entries."},
          {"name": "assets", "description": "Supply per asset and bank."},
          {"name": "blocks", "description": "History, headers, checkpoints, and events."},
          {"name": "operation", "description": "For those who run the node, and for clients that connect to it."}
        ],
        "x-problems": [
          "malformedRequest", "malformedParameter", "routeNotFound", "methodNotAllowed", "requestTimeout", "bodyTooLarge", "overloaded",
          "internalError", "shuttingDown"
        ]
        """#
}

/// The paths, by tag.
enum OpenAPIPaths {}

/// The schemas of requests and answers.
enum OpenAPISchemas {}
