// Weights that arrive while a step runs: whatever threads ask for, in whatever order, is there when
// they go on, and is read once; what cannot be read makes nobody wait.
#include "runtime/Arrivals.h"

#include "runtime/Team.h"
#include "tests/unit/Check.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <random>
#include <vector>

using namespace ashlar;

namespace {

constexpr uint64_t Slice = Arrivals::SliceBytes;
constexpr uint64_t Base = 100; // of the pack in its file
constexpr uint64_t FileBytes = 12 * Slice;

// Several in a slice, some that begin or end within one, room between them, and the last ones of
// the arena first in the pack.
const std::vector<Extent> extents = {
    {9 * Slice + 4096, 4096, 3 * Slice + 7},  {Slice / 2, 4 * Slice, Slice},
    {Slice / 2 + Slice + 64, 6 * Slice, 100}, {Slice / 2 + Slice + 256, 7 * Slice, 100},
    {4 * Slice, 8 * Slice, 3 * Slice},
};
constexpr uint64_t ArenaBytes = 14 * Slice;

std::byte fileByte(uint64_t offset) { return std::byte(offset * 7 + offset / 255 + 1); }

/// A file without a name whose pack begins at Base.
class File {
public:
  explicit File(uint64_t bytes = FileBytes) {
    char path[] = "/tmp/ashlar-arrivals-test-XXXXXX";
    number = mkstemp(path);
    unlink(path);
    std::vector<std::byte> all(bytes);
    for (uint64_t i = 0; i < bytes; ++i)
      all[i] = fileByte(i);
    CHECK(write(number, all.data(), bytes) == ssize_t(bytes));
  }
  ~File() { close(number); }
  int number;
};

/// The arena when all is there.
const std::vector<std::byte> expected = [] {
  std::vector<std::byte> arena(ArenaBytes);
  for (const Extent &e : extents)
    for (uint64_t i = 0; i < e.bytes; ++i)
      arena[e.arenaOffset + i] = fileByte(Base + e.packOffset + i);
  return arena;
}();

struct Shared {
  std::unique_ptr<std::byte[]> arena{new std::byte[ArenaBytes]()};
  std::atomic<uint64_t> wrong{0};
  Arrivals arrivals;

  explicit Shared(int file) { arrivals.expect(extents, arena.get(), file, Base); }

  StepState state() {
    StepState state;
    state.host = arena.get();
    state.arrivals = &arrivals;
    state.context = this;
    return state;
  }
  void look(uint64_t begin, uint64_t end) {
    wrong += std::memcmp(arena.get() + begin, expected.data() + begin, end - begin) != 0;
  }
};

void all(StepState &state) { state.arrivals->awaitAll(state); }

/// Places that each thread chooses for itself, of all sizes.
void somewhere(StepState &state) {
  auto &shared = *static_cast<Shared *>(state.context);
  std::mt19937 random(uint32_t(state.position * 64 + state.thread));
  for (int i = 0; i < 12; ++i) {
    const Extent &e = extents[random() % extents.size()];
    uint64_t begin = e.arenaOffset + random() % e.bytes, left = e.arenaOffset + e.bytes - begin;
    uint64_t end = begin + random() % (random() % 2 ? left : left / 64 + 1) + 1;
    end = std::min(end, e.arenaOffset + e.bytes);
    state.await(state.host + begin, int64_t(end - begin));
    shared.look(begin, end);
  }
}

void checkRounds(uint32_t threads, uint64_t rounds) {
  File file;
  Team team(threads);
  std::string error;
  CHECK(team.start(error));
  for (uint64_t round = 0; round < rounds; ++round) {
    Shared shared(file.number);
    StepState state = shared.state();
    state.position = round;
    team.run(somewhere, state);
    team.run(all, state);
    shared.look(0, ArenaBytes);
    CHECK_EQ(shared.wrong.load(), 0u);
    CHECK_EQ(shared.arrivals.error(), 0);
  }
}

} // namespace

TEST(one) { checkRounds(1, 5); }
TEST(two) { checkRounds(2, 100); }
TEST(moreThanProcessors) { checkRounds(9, 50); }

// Who waits reads on from where weights were needed last, and says when there is nothing left.
TEST(whatComesNext) {
  File file;
  Shared shared(file.number);
  StepState state = shared.state();
  const Extent &needed = extents[3], &behind = extents[4];
  state.await(state.host + needed.arenaOffset, int64_t(needed.bytes));
  while (shared.arrivals.bringNext(state))
    ;
  for (const Extent *e : {&needed, &behind, &extents[0]})
    shared.look(e->arenaOffset, e->arenaOffset + e->bytes);
  CHECK_EQ(shared.wrong.load(), 0u);
  CHECK(!shared.arrivals.bringNext(state));
}

TEST(allAtOnce) {
  File file;
  Team team(3);
  std::string error;
  CHECK(team.start(error));
  Shared shared(file.number);
  team.run(all, shared.state());
  shared.look(0, ArenaBytes);
  CHECK_EQ(shared.wrong.load(), 0u);
}

// What is there is not read again, whoever asks for it: others are computing with it.
TEST(isReadOnce) {
  File file;
  Shared shared(file.number);
  StepState state = shared.state();
  std::byte *place = state.host + 4 * Slice;
  state.await(place, 1);
  CHECK(place[0] == expected[4 * Slice]);
  place[0] ^= std::byte(1);
  state.await(place, int64_t(3 * Slice));
  all(state);
  CHECK(place[0] != expected[4 * Slice]);
  place[0] ^= std::byte(1);
  shared.look(0, ArenaBytes);
  CHECK_EQ(shared.wrong.load(), 0u);
}

// What nobody asked for is not there.
TEST(asMuchAsIsAskedFor) {
  File file;
  Shared shared(file.number);
  StepState state = shared.state();
  state.await(state.host + 5 * Slice, int64_t(Slice));
  shared.look(5 * Slice, 6 * Slice);
  CHECK_EQ(shared.wrong.load(), 0u);
  CHECK(state.host[5 * Slice - 1] == std::byte(0) && state.host[6 * Slice] == std::byte(0));
}

// Things one behind the other come a few at a time, and at least one.
TEST(someAtATime) {
  File file;
  Shared shared(file.number);
  StepState state = shared.state();
  const std::byte *first = state.host + 4 * Slice;
  CHECK_EQ(state.await(first, Slice / 4, 0, 12), 4);
  CHECK_EQ(state.await(first, Slice / 4, 4, 7), 7);
  CHECK_EQ(state.await(first, 2 * Slice, 0, 1), 1);
  CHECK_EQ(state.await(first, Slice, 2, 3), 3);
  shared.look(4 * Slice, 7 * Slice);
  CHECK_EQ(shared.wrong.load(), 0u);
  CHECK_EQ(StepState().await(first, Slice, 0, 3), 3); // all is there
}

// The end of a last panel may lie beyond the last weight.
TEST(beyondAll) {
  File file;
  Shared shared(file.number);
  StepState state = shared.state();
  state.await(state.host + 12 * Slice, int64_t(2 * Slice));
  state.await(state.host + 13 * Slice + 8192, 1);
  shared.look(12 * Slice, ArenaBytes);
  CHECK_EQ(shared.wrong.load(), 0u);
}

// A file that is cut: everybody goes on, and it is told.
TEST(fileThatEndsEarly) {
  File file(8 * Slice + 5000);
  Team team(3);
  std::string error;
  CHECK(team.start(error));
  Shared shared(file.number);
  StepState state = shared.state();
  team.run(
      [](StepState &state) {
        for (const Extent &e : extents)
          state.await(state.host + e.arenaOffset, int64_t(e.bytes));
      },
      state);
  CHECK_EQ(shared.arrivals.error(), -1);
  team.run(all, state);
  CHECK_EQ(shared.arrivals.error(), -1);
}

TEST(fileThatCannotBeRead) {
  Shared shared(-1);
  StepState state = shared.state();
  all(state);
  CHECK_EQ(shared.arrivals.error(), EBADF);
}

TEST(noWeights) {
  Arrivals none;
  std::byte arena[16];
  none.expect({}, arena, -1, 0);
  none.awaitAll({});
  none.await({}, arena, 16);
  CHECK_EQ(none.error(), 0);
}
