/// Whether people suffice for what is asked of several groups, when each counts for one group only.
struct PolicyApprovals {
    /// One place for each approval that is asked for: the group's position in `requirements`.
    private let places: [Int]
    private let requirements: [PolicyRequirement]
    private let members: [Set<String>]

    init(_ requirements: [PolicyRequirement], groups: [PolicyGroup]) {
        self.requirements = requirements
        members = requirements.map { requirement in
            Set(groups.first { $0.name == requirement.group }?.members ?? [])
        }
        places = requirements.enumerated().flatMap { Array(repeating: $0.offset, count: $0.element.count) }
    }

    /// What is missing when these people have approved, at best: a maximum matching of people and places, found by augmenting paths.
    ///
    /// The same people in the same order give the same answer.
    func missing(_ people: [String]) -> [PolicyRequirement] {
        var holder: [Int?] = Array(repeating: nil, count: places.count)
        for person in people.indices {
            var visited = Array(repeating: false, count: places.count)
            _ = seat(person, people, &holder, &visited)
        }
        return requirements.enumerated().compactMap { position, requirement in
            let filled = places.indices.count { places[$0] == position && holder[$0] != nil }
            return filled == requirement.count ? nil : PolicyRequirement(group: requirement.group, count: requirement.count - filled)
        }
    }

    /// Seats a person, if need be by moving others. As deep as there are places, of which a policy limits the number.
    private func seat(_ person: Int, _ people: [String], _ holder: inout [Int?], _ visited: inout [Bool]) -> Bool {
        for place in places.indices where !visited[place] && members[places[place]].contains(people[person]) {
            visited[place] = true
            if let other = holder[place], !seat(other, people, &holder, &visited) { continue }
            holder[place] = person
            return true
        }
        return false
    }
}
