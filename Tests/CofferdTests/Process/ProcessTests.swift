import Testing

/// Tests of real daemons, one after the other: each wants the machine for itself.
@Suite(.serialized) enum ProcessTests {}
