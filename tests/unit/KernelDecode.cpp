// Attention of one token: every way in which rows are read, and that results are the same for all
// numbers of threads that leave heads of one key together.
#include "tests/unit/Attention.h"

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
  for (uint32_t threads : {2u, 3u, 4u}) {
    CHECK(made(threads, false) == alone);
    CHECK(made(threads, true) == alone);
  }
}

} // namespace
