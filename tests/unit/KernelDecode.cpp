// Attention of one token: every way in which rows are read, and that results are the same for all
// numbers of threads, also for more than there are key heads.
#include "runtime/Chunks.h"
#include "tests/unit/Attention.h"

#include <algorithm>
#include <array>
#include <cstring>

using namespace kernels;

namespace {

// One token, by all ways in which rows are read: in pairs of registers or one by one, with a last
// one that overlaps, in several parts; and by tiles of four, two and one query heads.
template <class T, int64_t Group, int64_t Kv, int64_t Dim> void checkDecode() {
  for (uint64_t position : {0, 2, 15, 33, 127, 128, 300})
    Case<T, Group * Kv, Kv, Dim, 310>().template check<1>(position, 1, position % 3 + 1);
}

TEST(rowsOfOneToken) {
  checkDecode<F32, 1, 2, 3>();
  checkDecode<F32, 2, 3, 96>();
  checkDecode<F32, 3, 1, 256>();
  checkDecode<F32, 8, 2, 81>();
  checkDecode<F16, 4, 2, 80>();
  checkDecode<F16, 5, 2, 96>();
  checkDecode<F16, 6, 1, 256>();
  checkDecode<F16, 7, 2, 37>();
  checkDecode<BF16, 1, 4, 64>();
  checkDecode<BF16, 2, 2, 7>();
  checkDecode<BF16, 3, 2, 128>();
  checkDecode<BF16, 4, 2, 81>();
  checkDecode<BF16, 6, 1, 33>();
  checkDecode<BF16, 7, 2, 256>();
  checkDecode<BF16, 8, 2, 96>();
  checkDecode<Int8Rows, 1, 2, 256>();
  checkDecode<Int8Rows, 3, 2, 96>();
  checkDecode<Int8Rows, 4, 2, 128>();
  checkDecode<Int8Rows, 8, 1, 5>();
}

// The same whoever has which heads, and whether there are several sequences.
TEST(sameForAllThreads) {
  constexpr int64_t Kv = 4, Dim = 72, Context = 300, Columns = 4 * Kv * Dim;
  Case<BF16, 4 * Kv, Kv, Dim, Context> of;
  of.fill(Context, 1);
  Rows<F32, Columns> q{of.arena.add<F32>(normal<F32>(Columns))};
  StepState state = stateOf(1);
  TokenPlace place{0, Context - 1};
  state.position = place.position;
  state.places = &place;
  auto made = [&](uint32_t threads, bool batch) {
    Rows<F32, Columns> y{of.arena.add<F32>(Columns)};
    auto attend = [&](const auto &step) { cpu::attend(step, q, of.k, of.v, y, 0.1f); };
    if (batch)
      onTeam<2>(threads, of.arena, state, [&](const Step<2> &step) { attend(BatchStep<2>(step)); });
    else
      onTeam<1>(threads, of.arena, state, attend);
    const float *from = of.arena.at<F32>(y.offset);
    return std::vector<float>(from, from + Columns);
  };
  auto alone = made(1, false);
  for (uint32_t threads : {2u, 3u, 4u, 7u}) {
    CHECK(made(threads, false) == alone);
    CHECK(made(threads, true) == alone);
  }
}

// By pieces: what attention of the whole gives, but for the order of sums, and for all numbers of
// threads the same bits; each sequence of a batch as it has alone.
template <class T, int64_t Group, int64_t Kv, int64_t Dim, int64_t Window, int64_t Most,
          int64_t Threads = 2>
void checkPieces() {
  constexpr int64_t Context = 900, Columns = Group * Kv * Dim;
  Case<T, Group * Kv, Kv, Dim, Context, Window> of;
  of.fill(Context, 1);
  using Pieces = host::Pieces<Kv, Group, Dim, Most, Threads>;
  Pieces pieces{of.arena.template add<F32>(Kv * Most * Group * (Dim + 2))};
  for (uint64_t position : {0, 127, 128, 300, 899}) {
    auto queries = normal<F32>(Columns);
    Rows<F32, Columns> q{of.arena.template add<F32>(queries)};
    StepState state = stateOf(1);
    TokenPlace place{0, position};
    state.position = position;
    state.places = &place;
    auto made = [&](uint32_t threads, bool batch) {
      Rows<F32, Columns> y{of.arena.template add<F32>(Columns)};
      auto attend = [&](auto step) {
        cpu::attendPieces<Window>(step, q, of.k, of.v, pieces, static_cast<float>(of.scale));
        step.sync();
        cpu::joinPieces<Window>(step, pieces, y);
      };
      if (batch)
        onTeam<2>(threads, of.arena, state,
                  [&](const Step<2> &step) { attend(BatchStep<2>(step)); });
      else
        onTeam<1>(threads, of.arena, state, attend);
      const float *from = of.arena.template at<F32>(y.offset);
      return std::vector<float>(from, from + Columns);
    };
    auto alone = made(1, false);
    CHECK_NEAR(relativeError(alone.data(), of.expected(queries, position, 1)), 0, Tolerance);
    for (uint32_t threads : {uint32_t(Threads), 3u, 7u}) {
      CHECK(made(threads, false) == alone);
      CHECK(made(threads, true) == alone);
    }
  }
}

TEST(pieces) {
  checkPieces<F32, 1, 1, 64, 0, 2>();
  checkPieces<F16, 8, 1, 128, 0, 7>();
  checkPieces<BF16, 4, 2, 72, 0, 5>();
  checkPieces<BF16, 3, 1, 96, 500, 3>();
  checkPieces<Int8Rows, 2, 2, 33, 200, 16>();
  checkPieces<BF16, 2, 2, 64, 0, 5, 3>(); // a thread has several, one a chunk
}

// Sequences of a batch have pieces of their own, as many as they are long.
TEST(piecesOfSequences) {
  constexpr int64_t Kv = 1, Group = 2, Dim = 64, Context = 700, Columns = Group * Dim, Most = 4;
  Arena arena;
  using Cache = host::Cache<F32, Kv, Context, Dim, 3>;
  auto queries = normal<F32>(3 * Columns), numbers = normal<F32>(3 * Context * Dim);
  Cache k{arena.add<F32>(numbers)}, v{arena.add<F32>(normal<F32>(3 * Context * Dim))};
  host::Pieces<Kv, Group, Dim, Most, 2, 3> pieces{
      arena.add<F32>(3 * Kv * Most * Group * (Dim + 2))};
  Rows<F32, Columns> q{arena.add<F32>(queries)};
  for (auto positions : {std::array{5, 699, 300}, std::array{255, 256, 63}}) {
    TokenPlace places[3];
    for (uint32_t i = 0; i < 3; ++i)
      places[i] = {2 - i, uint64_t(positions[i])};
    auto made = [&](bool whole) {
      Rows<F32, Columns> y{arena.add<F32>(3 * Columns)};
      StepState state = stateOf(3);
      state.position = uint64_t(*std::max_element(positions.begin(), positions.end()));
      state.places = places;
      onTeam<3>(2, arena, state, [&](const Step<3> &one) {
        BatchStep<3> step(one);
        if (whole)
          return cpu::attend(step, q, k, v, y, 0.125f);
        cpu::attendPieces(step, q, k, v, pieces, 0.125f);
        step.sync();
        cpu::joinPieces(step, pieces, y);
      });
      const float *from = arena.at<F32>(y.offset);
      return std::vector<double>(from, from + 3 * Columns);
    };
    std::vector<double> whole = made(true), cut = made(false);
    std::vector<float> found(cut.begin(), cut.end());
    CHECK_NEAR(relativeError(found.data(), whole), 0, Tolerance);
  }
}

// A thread that comes when the others are in the next step, whose sequences are longer: there is
// nothing left to do, and it does nothing.
TEST(lateThread) {
  constexpr int64_t Group = 2, Dim = 64, Context = 700, Columns = Group * Dim, Most = 4;
  Arena arena;
  host::Cache<F32, 1, Context, Dim, 2> k{arena.add<F32>(normal<F32>(2 * Context * Dim))},
      v{arena.add<F32>(normal<F32>(2 * Context * Dim))};
  constexpr int64_t Numbers = 2 * Most * Group * (Dim + 2);
  host::Pieces<1, Group, Dim, Most, 2, 2> pieces{arena.add<F32>(Numbers)};
  Rows<F32, Columns> q{arena.add<F32>(normal<F32>(2 * Columns))}, y{arena.add<F32>(2 * Columns)};
  Board board(2, Sharing::Chunks);
  Turn turns[2];
  TokenPlace places[] = {{0, 20}, {1, 63}};
  auto run = [&](uint32_t thread) {
    turns[thread].board = &board;
    turns[thread].thread = thread;
    StepState state = stateOf(2);
    state.host = arena.data();
    state.position = 63;
    state.places = places;
    state.thread = thread;
    state.threads = 2;
    state.turn = &turns[thread];
    BatchStep<2> step(state);
    cpu::attendPieces(step, q, k, v, pieces, 0.125f);
    step.sync();
    cpu::joinPieces(step, pieces, y);
    step.sync();
    std::vector<uint32_t> found(Numbers + 2 * Columns); // what nobody wrote may be NaN
    std::memcpy(found.data(), arena.at<F32>(pieces.offset), Numbers * 4);
    std::memcpy(found.data() + Numbers, arena.at<F32>(y.offset), 2 * Columns * 4);
    return found;
  };
  std::vector<uint32_t> made = run(0);
  places[0].position = 699;
  places[1].position = 300;
  CHECK(run(1) == made);
}

} // namespace
