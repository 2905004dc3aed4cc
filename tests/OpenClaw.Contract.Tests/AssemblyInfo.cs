// Most of these tests wait, for a lease to end or a broker to come up: twice as many as there are processors find room.
[assembly: Xunit.CollectionBehavior(MaxParallelThreads = 4)]
