import Ledger

extension JSON {
    /// The same document with the value at a path, such as `legs[0].amount`, replaced; taken out for nil; added where the last step is a new key.
    func setting(_ path: String, to value: JSON?) -> JSON {
        let steps = path.split { $0 == "." || $0 == "[" || $0 == "]" }.map(String.init)
        return setting(steps[...], to: value)
    }

    private func setting(_ steps: ArraySlice<String>, to value: JSON?) -> JSON {
        guard let step = steps.first else { preconditionFailure("a path has a step") }
        let rest = steps.dropFirst()
        switch self {
        case .object(var members):
            if let position = members.firstIndex(where: { $0.key == step }) {
                let new = rest.isEmpty ? value : members[position].value.setting(rest, to: value)
                if let new { members[position].value = new } else { members.remove(at: position) }
            } else {
                precondition(rest.isEmpty, "no member \(step)")
                if let value { members.append(Member(key: step, value: value)) }
            }
            return .object(members)
        case .array(var elements):
            guard let position = Int(step) else { preconditionFailure("\(step) is no position") }
            let new = rest.isEmpty ? value : elements[position].setting(rest, to: value)
            if let new { elements[position] = new } else { elements.remove(at: position) }
            return .array(elements)
        default: preconditionFailure("nothing to step into at \(step)")
        }
    }

    /// The value at a path.
    subscript(path: String) -> JSON {
        let steps = path.split { $0 == "." || $0 == "[" || $0 == "]" }.map(String.init)
        return steps.reduce(self) { value, step in
            switch value {
            case .object(let members):
                guard let member = members.first(where: { $0.key == step }) else {
                    preconditionFailure("no member \(step)")
                }
                return member.value
            case .array(let elements):
                guard let position = Int(step) else { preconditionFailure("\(step) is no position") }
                return elements[position]
            default: preconditionFailure("nothing to step into at \(step)")
            }
        }
    }

    /// The text of a string.
    var string: String {
        guard case .string(let text) = self else { preconditionFailure("not a string: \(self)") }
        return text
    }

    /// The elements of an array.
    var elements: [JSON] {
        guard case .array(let elements) = self else { preconditionFailure("not an array: \(self)") }
        return elements
    }
}
