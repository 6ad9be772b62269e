import Cryptography
import Ledger

/// A longer text is refused unread.
private let maximumTextByteCount = 65_536

@Sendable func readJSON(_ bytes: [UInt8]) {
    do throws(JSONError) {
        let value = try JSON.parse(bytes, maximumBytes: maximumTextByteCount)
        for layout in [JSONLayoutUnderTest.compact, .pretty] {
            let written = layout.bytes(value)
            let again: JSON
            do throws(JSONError) {
                again = try JSON.parse(written, maximumBytes: 64 * maximumTextByteCount)
            } catch {
                preconditionFailure("what was written is not read: \(error)")
            }
            precondition(again == value && layout.bytes(again) == written, "what was written is read as it was")
        }
    } catch {
        precondition(!error.description.isEmpty, "an error says what is wrong")
    }
}

private enum JSONLayoutUnderTest {
    case compact
    case pretty

    func bytes(_ value: JSON) -> [UInt8] {
        switch self {
        case .compact: value.bytes()
        case .pretty: value.bytes(.pretty)
        }
    }
}

@Sendable func readChainspec(_ bytes: [UInt8]) {
    let read: Chainspec
    do {
        read = try Chainspec(json: bytes)
    } catch {
        return precondition(!"\(error)".isEmpty, "an error says what is wrong")
    }
    do {
        let again = try Chainspec(json: read.json().bytes())
        precondition(again == read && again.network == read.network, "what was written is read as it was")
        _ = read.genesisHeader
    } catch {
        preconditionFailure("what was written is not read: \(error)")
    }
}

@Sendable func readSubmission(_ bytes: [UInt8]) {
    do throws(SubmissionError) {
        let submission = try Submission(json: bytes, chainspec: chainspec)
        let again: Submission
        do throws(SubmissionError) {
            again = try Submission(json: submission.json(chainspec: chainspec).bytes(), chainspec: chainspec)
        } catch {
            preconditionFailure("what was written is not read: \(error)")
        }
        precondition(again.transaction == submission.transaction && again.memo == submission.memo, "what was written is read as it was")
    } catch {
        precondition(!"\(error)".isEmpty, "an error says what is wrong")
    }
}

/// The first byte gives the decimals, the rest the text.
@Sendable func readAmount(_ bytes: [UInt8]) {
    guard let first = bytes.first else { return }
    let decimals = first % (DecimalAmount.maximumDecimals + 1)
    let text = String(decoding: bytes.dropFirst(), as: UTF8.self)
    do throws(AmountError) {
        let units = try DecimalAmount.parse(text, decimals: decimals)
        let written = DecimalAmount.format(units, decimals: decimals)
        // Only zeros behind the point, and the point, may have been left out.
        precondition(written.hasPrefix(text), "an amount is written as it was read")
        precondition(written.dropFirst(text.utf8.count).allSatisfy { $0 == "0" || $0 == "." }, "nothing is rounded")
        let again: UInt64
        do throws(AmountError) {
            again = try DecimalAmount.parse(written, decimals: decimals)
        } catch {
            preconditionFailure("what was written is not read: \(error)")
        }
        precondition(again == units, "what was written is read as it was")
    } catch {
        precondition(!error.message.isEmpty, "an error says what is wrong")
    }
}

@Sendable func readAddress(_ bytes: [UInt8]) {
    let text = String(decoding: bytes, as: UTF8.self)
    do throws(Bech32Error) {
        let decoded = try Bech32m.decode(text)
        precondition(
            Bech32m.encode(prefix: decoded.prefix, payload: decoded.payload) == text.lowercased(), "a text has one encoding")
    } catch {
        precondition(!error.description.isEmpty, "an error says what is wrong")
    }
    do throws(AddressError) {
        let account = try chainspec.parseAddress(text)
        precondition(chainspec.address(of: account) == text, "an account has one address")
    } catch {
        precondition(!error.description.isEmpty, "an error says what is wrong")
    }
}

@Sendable func readTime(_ bytes: [UInt8]) {
    let text = String(decoding: bytes, as: UTF8.self)
    do throws(TimestampError) {
        let time = try Timestamp.parse(text)
        let again: UInt64
        do throws(TimestampError) {
            again = try Timestamp.parse(Timestamp.format(time))
        } catch {
            preconditionFailure("what was written is not read: \(error)")
        }
        precondition(again == time, "what was written is read as it was")
    } catch {
        precondition(!"\(error)".isEmpty, "an error says what is wrong")
    }
}

@Sendable func readBase64(_ bytes: [UInt8]) {
    let text = String(decoding: bytes, as: UTF8.self)
    precondition(Base64.decode(Base64.encode(bytes)) == bytes, "what was written is read as it was")
    guard let decoded = Base64.decode(text) else { return }
    precondition(Base64.encode(decoded) == text, "a text has one encoding")
}
