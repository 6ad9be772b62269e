import Ledger
import NIOCore
import Testing

@testable import cofferd

@Suite(.timeLimit(.minutes(10))) struct SupportEventTests {
    private func event(_ number: UInt64) -> ServerSentEvent {
        ServerSentEvent(id: "\(number)", name: "block", data: ["height": .number(number)])
    }

    private func text(_ event: LiveEvent?) -> String? {
        event.map { String(buffer: $0.bytes) }
    }

    @Test func anEventIsThreeLinesAndAnEmptyOne() {
        let event = ServerSentEvent(id: "7", name: "block", data: ["text": "two\nlines\r\u{0}"])
        #expect(String(buffer: event.bytes) == "id: 7\nevent: block\ndata: {\"text\":\"two\\nlines\\r\\u0000\"}\n\n")
        #expect(String(buffer: ServerSentEvent.comment("still here")) == ": still here\n\n")
        #expect(String(buffer: ServerSentEvent.retry(milliseconds: 2_000)) == "retry: 2000\n\n")
    }

    @Test func aLineBreakInAnIdIsAProgrammingError() async {
        await #expect(processExitsWith: .failure) { _ = ServerSentEvent(id: "1\ndata: forged", name: "block", data: nil) }
        await #expect(processExitsWith: .failure) { _ = ServerSentEvent.comment("a\nb") }
    }

    @Test func everySubscriberGetsEveryEventInOrder() async throws {
        let hub = EventHub(bufferEvents: 10, maximumSubscribers: 10)
        hub.publish(event(1), at: 1)
        let first = try hub.subscribe()
        hub.publish(event(2), at: 2)
        let second = try hub.subscribe()
        hub.publish(event(3), at: 3)
        hub.close()
        var positions: [[UInt64?]] = []
        for subscription in [first, second] {
            var list: [UInt64?] = []
            for await event in subscription { list.append(event.position) }
            positions.append(list)
        }
        // The last is the comment that says why the stream ends.
        #expect(positions == [[2, 3, nil], [3, nil]])
    }

    @Test func aSlowSubscriberIsDroppedAndToldSo() async throws {
        let hub = EventHub(bufferEvents: 3, maximumSubscribers: 10)
        let slow = try hub.subscribe()
        let quick = try hub.subscribe()
        var reader = quick.makeAsyncIterator()
        for number in 1...5 as ClosedRange<UInt64> {
            hub.publish(event(number), at: number)
            #expect(await reader.next()?.position == number)
        }
        #expect(hub.subscriberCount == 1)
        var late = slow.makeAsyncIterator()
        for number in 1...3 as ClosedRange<UInt64> { #expect(await late.next()?.position == number) }
        #expect(text(await late.next()) == ": dropped: too slow; reconnect with Last-Event-ID\n\n")
        #expect(await late.next() == nil)
        withExtendedLifetime(quick) {}
    }

    @Test func heartbeatsReachAllAndDropNobody() async throws {
        let hub = EventHub(bufferEvents: 1, maximumSubscribers: 10)
        let full = try hub.subscribe()
        hub.publish(event(1), at: 1)
        let idle = try hub.subscribe()
        hub.sendHeartbeats()
        #expect(hub.subscriberCount == 2)
        var reader = idle.makeAsyncIterator()
        let heartbeat = await reader.next()
        #expect(heartbeat?.position == nil)
        #expect(text(heartbeat) == ": heartbeat\n\n")
        withExtendedLifetime(full) {}
    }

    @Test func subscribersAreBoundedAndMakeRoomWhenTheyLeave() async throws {
        let hub = EventHub(bufferEvents: 1, maximumSubscribers: 2)
        var kept: [EventSubscription] = [try hub.subscribe(), try hub.subscribe()]
        #expect(throws: Problem(.tooManySubscribers)) { try hub.subscribe() }
        kept.removeLast()
        #expect(hub.subscriberCount == 1)
        kept.append(try hub.subscribe())
        #expect(hub.subscriberCount == 2)
        kept = []
        #expect(hub.subscriberCount == 0)
    }

    @Test func aCancelledReaderLeavesAndIsToldNothing() async throws {
        let hub = EventHub(bufferEvents: 1, maximumSubscribers: 2)
        let subscription = try hub.subscribe()
        let reading = Task {
            var received = 0
            for await _ in subscription { received += 1 }
            return received
        }
        reading.cancel()
        #expect(await reading.value == 0)
        #expect(hub.subscriberCount == 0)
    }

    @Test func aClosedHubEndsStreamsAndTakesNoMore() async throws {
        let hub = EventHub(bufferEvents: 1, maximumSubscribers: 2)
        let subscription = try hub.subscribe()
        hub.close()
        var reader = subscription.makeAsyncIterator()
        #expect(text(await reader.next()) == ": closed: the node is shutting down; reconnect with Last-Event-ID\n\n")
        #expect(await reader.next() == nil)
        #expect(throws: Problem(.shuttingDown)) { try hub.subscribe() }
    }

    @Test func publishersAndSubscribersMayComeAndGoAtTheSameTime() async throws {
        let hub = EventHub(bufferEvents: 4_000, maximumSubscribers: 100)
        let published: UInt64 = 2_000
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<20 {
                group.addTask {
                    do {
                        var last: UInt64?
                        for await event in try hub.subscribe() {
                            guard let position = event.position else { continue }
                            // Whoever joined in the middle misses none from there on.
                            if let last { #expect(position == last + 1) }
                            last = position
                        }
                    } catch {
                        // Those who came after the end.
                        #expect(error as? Problem == Problem(.shuttingDown))
                    }
                }
            }
            group.addTask {
                for number in 1...published { hub.publish(ServerSentEvent(id: "\(number)", name: "block", data: nil), at: number) }
                hub.close()
            }
        }
        #expect(hub.subscriberCount == 0)
    }
}
