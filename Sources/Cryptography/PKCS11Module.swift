internal import CPKCS11
internal import Glibc

/// A PKCS#11 library that was loaded: its table of functions, and the calls that custody makes of it.
@safe
struct PKCS11Module: @unchecked Sendable {
    typealias Handle = CK_OBJECT_HANDLE

    private let functions: UnsafeMutablePointer<CK_FUNCTION_LIST>

    /// Loads the library at `path`. It stays loaded.
    init(path: String) throws(PKCS11Error) {
        guard let library = unsafe dlopen(path, RTLD_NOW | RTLD_LOCAL) else {
            throw .module(path: path, reason: unsafe dlerror().map { unsafe String(cString: $0) } ?? "it cannot be loaded")
        }
        guard let symbol = unsafe dlsym(library, "C_GetFunctionList") else {
            throw .module(path: path, reason: "it has no C_GetFunctionList")
        }
        typealias GetFunctionList = @convention(c) (UnsafeMutablePointer<UnsafeMutablePointer<CK_FUNCTION_LIST>?>?) -> CK_RV
        let getFunctionList = unsafe unsafeBitCast(symbol, to: GetFunctionList.self)
        var list: UnsafeMutablePointer<CK_FUNCTION_LIST>?
        guard unsafe getFunctionList(&list) == CKR_OK, let list = unsafe list else {
            throw .module(path: path, reason: "it does not give its functions")
        }
        unsafe functions = list
    }

    private func check(_ result: CK_RV, _ call: String) throws(PKCS11Error) {
        guard result == CKR_OK else { throw .call(call, code: UInt(result)) }
    }

    func initialize() throws(PKCS11Error) {
        var arguments = unsafe CK_C_INITIALIZE_ARGS()
        unsafe arguments.flags = CK_FLAGS(CKF_OS_LOCKING_OK)
        let result = unsafe functions.pointee.C_Initialize(&arguments)
        if result != CKR_CRYPTOKI_ALREADY_INITIALIZED { try check(result, "C_Initialize") }
    }

    func finalize() {
        _ = unsafe functions.pointee.C_Finalize(nil)
    }

    /// The slot whose token has a label.
    func slot(label: String) throws(PKCS11Error) -> CK_SLOT_ID {
        var count: CK_ULONG = 0
        try check(unsafe functions.pointee.C_GetSlotList(1, nil, &count), "C_GetSlotList")
        var slots = [CK_SLOT_ID](repeating: 0, count: Int(count))
        try check(unsafe functions.pointee.C_GetSlotList(1, &slots, &count), "C_GetSlotList")
        for slot in slots.prefix(Int(count)) {
            var info = CK_TOKEN_INFO()
            guard unsafe functions.pointee.C_GetTokenInfo(slot, &info) == CKR_OK else { continue }
            let padded = unsafe withUnsafeBytes(of: &info.label) { unsafe Array($0) }
            let end = padded.lastIndex { $0 != UInt8(ascii: " ") }.map { $0 + 1 } ?? 0
            if padded[..<end].elementsEqual(label.utf8) { return slot }
        }
        throw .noToken(label: label)
    }

    func openSession(_ slot: CK_SLOT_ID) throws(PKCS11Error) -> CK_SESSION_HANDLE {
        var session: CK_SESSION_HANDLE = 0
        let flags = CK_FLAGS(CKF_SERIAL_SESSION) | CK_FLAGS(CKF_RW_SESSION)
        try check(unsafe functions.pointee.C_OpenSession(slot, flags, nil, nil, &session), "C_OpenSession")
        return session
    }

    func logIn(_ session: CK_SESSION_HANDLE, pin: borrowing SecretBytes) throws(PKCS11Error) {
        let result = unsafe pin.span.withUnsafeBufferPointer { pin in
            unsafe functions.pointee.C_Login(
                session, CK_USER_TYPE(CKU_USER), UnsafeMutablePointer(mutating: pin.baseAddress), CK_ULONG(pin.count))
        }
        if result == CKR_PIN_INCORRECT || result == CKR_PIN_LOCKED { throw .wrongPIN(isLocked: result == CKR_PIN_LOCKED) }
        if result != CKR_USER_ALREADY_LOGGED_IN { try check(result, "C_Login") }
    }

    /// Objects that have all of these attributes; at most `maximumCount`.
    func find(_ session: CK_SESSION_HANDLE, _ attributes: [PKCS11Attribute], maximumCount: Int) throws(PKCS11Error) -> [Handle] {
        try check(
            unsafe PKCS11Attribute.withTemplate(attributes) { unsafe functions.pointee.C_FindObjectsInit(session, $0, $1) },
            "C_FindObjectsInit")
        var handles = [Handle](repeating: 0, count: maximumCount)
        var count: CK_ULONG = 0
        let result = unsafe functions.pointee.C_FindObjects(session, &handles, CK_ULONG(maximumCount), &count)
        let end = unsafe functions.pointee.C_FindObjectsFinal(session)
        try check(result, "C_FindObjects")
        try check(end, "C_FindObjectsFinal")
        return Array(handles.prefix(Int(count)))
    }

    /// An attribute's bytes; nil where the token does not show it.
    func attribute(_ session: CK_SESSION_HANDLE, _ object: Handle, _ type: UInt) throws(PKCS11Error) -> [UInt8]? {
        var template = unsafe CK_ATTRIBUTE(type: CK_ATTRIBUTE_TYPE(type), pValue: nil, ulValueLen: 0)
        let result = unsafe functions.pointee.C_GetAttributeValue(session, object, &template, 1)
        if result == CKR_ATTRIBUTE_SENSITIVE || result == CKR_ATTRIBUTE_TYPE_INVALID { return nil }
        try check(result, "C_GetAttributeValue")
        let count = unsafe template.ulValueLen
        guard count > 0, count <= 4_096 else { return [] }
        var bytes = [UInt8](repeating: 0, count: Int(count))
        let second = unsafe bytes.withUnsafeMutableBytes { buffer in
            unsafe template.pValue = buffer.baseAddress
            return unsafe functions.pointee.C_GetAttributeValue(session, object, &template, 1)
        }
        try check(second, "C_GetAttributeValue")
        return bytes
    }

    func generateKeyPair(
        _ session: CK_SESSION_HANDLE, publicKey: [PKCS11Attribute], privateKey: [PKCS11Attribute]
    ) throws(PKCS11Error) -> (publicKey: Handle, privateKey: Handle) {
        var mechanism = unsafe CK_MECHANISM(mechanism: CK_MECHANISM_TYPE(CKM_EC_KEY_PAIR_GEN), pParameter: nil, ulParameterLen: 0)
        var handles: (Handle, Handle) = (0, 0)
        let result = unsafe PKCS11Attribute.withTemplate(publicKey) { publicTemplate, publicCount in
            unsafe PKCS11Attribute.withTemplate(privateKey) { privateTemplate, privateCount in
                unsafe functions.pointee.C_GenerateKeyPair(
                    session, &mechanism, publicTemplate, publicCount, privateTemplate, privateCount, &handles.0, &handles.1)
            }
        }
        try check(result, "C_GenerateKeyPair")
        return handles
    }

    /// r and s of a hash, 32 bytes each.
    func sign(_ session: CK_SESSION_HANDLE, _ key: Handle, _ message: Bytes32) throws(PKCS11Error) -> Bytes64 {
        var mechanism = unsafe CK_MECHANISM(mechanism: CK_MECHANISM_TYPE(CKM_ECDSA), pParameter: nil, ulParameterLen: 0)
        try check(unsafe functions.pointee.C_SignInit(session, &mechanism, key), "C_SignInit")
        var hash = message.bytes
        var signature = [UInt8](repeating: 0, count: 128)
        var count = CK_ULONG(signature.count)
        try check(unsafe functions.pointee.C_Sign(session, &hash, CK_ULONG(hash.count), &signature, &count), "C_Sign")
        guard count == 64, let result = Bytes64(signature.prefix(64)) else { throw .unexpected("the token's signature has \(count) bytes") }
        return result
    }

    func destroy(_ session: CK_SESSION_HANDLE, _ object: Handle) throws(PKCS11Error) {
        try check(unsafe functions.pointee.C_DestroyObject(session, object), "C_DestroyObject")
    }
}

/// An attribute of an object in a token, and the bytes that it has in this machine's memory.
struct PKCS11Attribute {
    let type: UInt
    let bytes: [UInt8]

    static func flag(_ type: UInt, _ value: Bool) -> PKCS11Attribute { PKCS11Attribute(type: type, bytes: [value ? 1 : 0]) }
    static func text(_ type: UInt, _ value: String) -> PKCS11Attribute { PKCS11Attribute(type: type, bytes: Array(value.utf8)) }

    static func number(_ type: UInt, _ value: UInt) -> PKCS11Attribute {
        PKCS11Attribute(type: type, bytes: unsafe withUnsafeBytes(of: CK_ULONG(value)) { unsafe Array($0) })
    }

    @unsafe
    static func withTemplate(
        _ attributes: [PKCS11Attribute], _ body: (UnsafeMutablePointer<CK_ATTRIBUTE>?, CK_ULONG) -> CK_RV
    ) -> CK_RV {
        var values = attributes.flatMap(\.bytes)
        return unsafe values.withUnsafeMutableBytes { values in
            var offset = 0
            var template: [CK_ATTRIBUTE] = unsafe []
            for attribute in attributes {
                let place = unsafe values.baseAddress.map { unsafe $0 + offset }
                let element = unsafe CK_ATTRIBUTE(
                    type: CK_ATTRIBUTE_TYPE(attribute.type), pValue: place, ulValueLen: CK_ULONG(attribute.bytes.count))
                unsafe template.append(element)
                offset += attribute.bytes.count
            }
            let count = unsafe CK_ULONG(template.count)
            return unsafe template.withUnsafeMutableBufferPointer { unsafe body($0.baseAddress, count) }
        }
    }
}
