// Kernels that are neither products, norms nor activations, and what all are made of: the
// conversions, bit for bit, and the exponential function.
#include "templates/cpu/elementwise.h"
#include "templates/cpu/embed.h"
#include "templates/cpu/rope.h"
#include "tests/unit/Kernels.h"

using namespace kernels;

namespace {

constexpr double Tolerance = 3e-7;

template <uint32_t Max, int64_t C> void checkElementwise() {
  forSteps<Max>([](uint32_t tokens, uint32_t threads) {
    auto a = normal<F32>(tokens * C, 4), b = normal<F32>(tokens * C);
    auto check = [&](auto kernel, auto exact, bool inPlace) {
      Arena arena;
      Rows<F32, C> x{arena.add<F32>(a)}, z{arena.add<F32>(b)}, y{arena.add<F32>(tokens * C)};
      if (inPlace)
        y = x;
      std::vector<double> expected(tokens * C);
      for (size_t i = 0; i < expected.size(); ++i)
        expected[i] = exact(double(a[i]), double(b[i]));
      onTeam<Max>(threads, arena, stateOf(tokens),
                  [&](const Step<Max> &step) { kernel(step, x, z, y); });
      CHECK_NEAR(relativeError(arena.at<F32>(y.offset), expected), 0, Tolerance);
    };
    for (bool inPlace : {false, true}) {
      check([](auto &s, auto x, auto z, auto y) { cpu::add(s, x, z, y); },
            [](double x, double z) { return x + z; }, inPlace);
      check([](auto &s, auto x, auto z, auto y) { cpu::multiply(s, x, z, y); },
            [](double x, double z) { return x * z; }, inPlace);
      check([](auto &s, auto x, auto, auto y) { cpu::copy(s, x, y); },
            [](double x, double) { return x; }, inPlace);
    }
  });
}

TEST(elementwise) {
  checkElementwise<1, 1>();
  checkElementwise<1, 37>();
  checkElementwise<1, 64>();
  checkElementwise<13, 5>();
  checkElementwise<13, 130>();
}

template <uint32_t Max, int64_t C> void checkParts() {
  forSteps<Max>([](uint32_t tokens, uint32_t threads) {
    Arena arena;
    Wide<C> a(arena, tokens, 4), b(arena, tokens, 1);
    Rows<F32, C> sum{arena.add<F32>(tokens * C)}, product{arena.add<F32>(tokens * C)};
    std::vector<double> sums, products;
    for (uint32_t t = 0; t < tokens; ++t)
      for (int64_t i = 0; i < C; ++i) {
        sums.push_back(a.at(t, i) + b.at(t, i));
        products.push_back(a.at(t, i) * b.at(t, i));
      }
    onTeam<Max>(threads, arena, stateOf(tokens), [&](const Step<Max> &step) {
      cpu::add(step, a.rows, b.rows, sum);
      cpu::multiply(step, a.rows, b.rows, product);
    });
    CHECK_NEAR(relativeError(arena.at<F32>(sum.offset), sums), 0, Tolerance);
    CHECK_NEAR(relativeError(arena.at<F32>(product.offset), products), 0, Tolerance);
  });
}

TEST(partsOfRows) {
  checkParts<1, 37>();
  checkParts<13, 5>();
  checkParts<13, 64>();
}

template <uint32_t Max, class T, int64_t V, int64_t C> void checkEmbed() {
  forSteps<Max>([](uint32_t tokens, uint32_t threads) {
    auto matrix = normal<T>(V * C);
    std::vector<int32_t> ids(tokens);
    std::vector<double> expected;
    for (uint32_t t = 0; t < tokens; ++t) {
      ids[t] = t == 0 ? V - 1 : static_cast<int32_t>(generator()() % V);
      for (int64_t i = 0; i < C; ++i)
        expected.push_back(decode<T>(matrix[ids[t] * C + i]));
    }
    auto check = [&](auto table, const auto &stored) {
      Arena arena;
      table.offset = arena.add<T>(stored);
      Rows<F32, C> y{arena.add<F32>(tokens * C)};
      StepState state = stateOf(tokens);
      state.ids = ids.data();
      state.position = 3;
      Rows<F32, C> z{arena.add<F32>(tokens * C)};
      onTeam<Max>(threads, arena, state, [&](const Step<Max> &step) {
        cpu::embed(step, table, y);
        cpu::positions<2>(step, table, z);
      });
      CHECK_EQ(relativeError(arena.at<F32>(y.offset), expected), 0);
      bool same = true; // token t takes row 3 + 2 + t
      for (size_t i = 0; i < tokens * size_t(C); ++i)
        same &= arena.at<F32>(z.offset)[i] == decode<T>(matrix[5 * C + i]);
      CHECK(same);
    };
    check(Rows<T, C>{}, matrix);
    check(Panels<T, V, C>{}, panels<T>(matrix, V, C));
  });
}

TEST(embed) {
  checkEmbed<1, F32, 45, 33>();
  checkEmbed<1, F16, 45, 33>();
  checkEmbed<1, BF16, 45, 33>();
  checkEmbed<13, F32, 64, 48>();
  checkEmbed<13, F16, 70, 7>();
  checkEmbed<13, BF16, 33, 65>();
}

TEST(lastRow) {
  for (uint32_t threads : {1u, 3u}) {
    Arena arena;
    auto inputs = normal<F32>(7 * 50);
    Rows<F32, 50> x{arena.add<F32>(inputs)}, y{arena.add<F32>(50)};
    Rows<F32, 20> part{arena.add<F32>(20)};
    StepState state = stateOf(7);
    state.row = 5;
    onTeam<7>(threads, arena, state, [&](const Step<7> &step) {
      cpu::last(step, x, y);
      cpu::last(step, x.columns<7, 20>(), part);
    });
    std::vector<double> expected(inputs.begin() + 5 * 50, inputs.begin() + 6 * 50);
    CHECK_EQ(relativeError(arena.at<F32>(y.offset), expected), 0);
    expected.assign(inputs.begin() + 5 * 50 + 7, inputs.begin() + 5 * 50 + 27);
    CHECK_EQ(relativeError(arena.at<F32>(part.offset), expected), 0);
  }
}

// Of several sequences, each token has a position of its own, and each is a last one.
TEST(rowsOfABatch) {
  static const float frequencies[3] = {1, 0.1f, 0.01f};
  const TokenPlace places[4] = {{2, 5}, {0, 0}, {3, 17}, {1, 4093}};
  for (uint32_t threads : {1u, 3u}) {
    Arena arena;
    auto inputs = normal<F32>(4 * 50), matrix = normal<F32>(4096 * 7);
    Rows<F32, 50> x{arena.add<F32>(inputs)}, y{arena.add<F32>(3 * 50)};
    Rows<F32, 20> part{arena.add<F32>(3 * 20)};
    Rows<F32, 7> table{arena.add<F32>(matrix)}, rows{arena.add<F32>(3 * 7)};
    Rows<F32, 6> angles{arena.add<F32>(3 * 6)};
    StepState state = stateOf(3);
    state.places = places;
    onTeam<4>(threads, arena, state, [&](const Step<4> &same) {
      BatchStep<4> step(same);
      cpu::last(step, x, y);
      cpu::last(step, x.columns<7, 20>(), part);
      cpu::positions<2>(step, table, rows);
      cpu::angles(step, frequencies, 2.0f, angles);
    });
    std::vector<double> parts, found, turned;
    for (uint32_t t = 0; t < 3; ++t) {
      for (int64_t i = 0; i < 20; ++i)
        parts.push_back(inputs[t * 50 + 7 + i]);
      for (int64_t i = 0; i < 7; ++i)
        found.push_back(matrix[(places[t].position + 2) * 7 + i]);
      for (int64_t j = 0; j < 6; ++j) {
        double angle = float(places[t].position) * frequencies[j % 3];
        turned.push_back(2 * (j < 3 ? std::cos(angle) : std::sin(angle)));
      }
    }
    CHECK_EQ(relativeError(arena.at<F32>(y.offset), {inputs.begin(), inputs.begin() + 150}), 0);
    CHECK_EQ(relativeError(arena.at<F32>(part.offset), parts), 0);
    CHECK_EQ(relativeError(arena.at<F32>(rows.offset), found), 0);
    CHECK_NEAR(relativeError(arena.at<F32>(angles.offset), turned), 0, Tolerance);
  }
}

template <uint32_t Max, int64_t Heads, int64_t Dim, int64_t Dims> void checkRope() {
  constexpr int64_t Half = Dims / 2, C = Heads * Dim;
  static float frequencies[Half];
  for (int64_t j = 0; j < Half; ++j)
    frequencies[j] = static_cast<float>(std::pow(10000, -double(j) / Half));
  forSteps<Max>([](uint32_t tokens, uint32_t threads) {
    for (bool inPlace : {false, true}) {
      Arena arena;
      auto inputs = normal<F32>(tokens * C);
      Rows<F32, C> x{arena.add<F32>(inputs)}, y{arena.add<F32>(tokens * C)};
      Rows<F32, Dims> angles{arena.add<F32>(tokens * Dims)};
      Wide<C> wide(arena, tokens, 1); // with the same inputs
      Rows<F32, C> ofPart{arena.add<F32>(tokens * C)};
      for (uint32_t t = 0; t < tokens; ++t)
        for (int64_t i = 0; i < C; ++i)
          arena.at<F32>(wide.rows.offset)[t * Wide<C>::Stride + i] = inputs[t * C + i];
      if (inPlace)
        y = x;
      StepState state = stateOf(tokens);
      state.position = 4093;
      onTeam<Max>(threads, arena, state, [&](Step<Max> step) {
        cpu::angles(step, frequencies, 1.25f, angles);
        step.sync();
        cpu::rotate<Heads, Dim>(step, wide.rows, angles, ofPart);
        cpu::rotate<Heads, Dim>(step, x, angles, y);
      });
      std::vector<double> expected(inputs.begin(), inputs.end()), expectedAngles(tokens * Dims);
      for (uint32_t t = 0; t < tokens; ++t)
        for (int64_t j = 0; j < Half; ++j) {
          float angle = float(4093 + t) * frequencies[j];
          double cosine = std::cos(double(angle)) * 1.25, sine = std::sin(double(angle)) * 1.25;
          expectedAngles[t * Dims + j] = cosine;
          expectedAngles[t * Dims + Half + j] = sine;
          for (int64_t head = 0; head < Heads; ++head) {
            double &a = expected[t * C + head * Dim + j], &b = (&a)[Half];
            double first = a * cosine - b * sine;
            b = b * cosine + a * sine;
            a = first;
          }
        }
      CHECK_NEAR(relativeError(arena.at<F32>(angles.offset), expectedAngles), 0, 1e-7);
      CHECK_NEAR(relativeError(arena.at<F32>(y.offset), expected), 0, Tolerance);
      CHECK_NEAR(relativeError(arena.at<F32>(ofPart.offset), expected), 0, Tolerance);
    }
  });
}

TEST(rope) {
  checkRope<1, 3, 64, 64>();
  checkRope<1, 2, 20, 20>();
  checkRope<1, 5, 80, 32>();
  checkRope<13, 4, 128, 128>();
  checkRope<13, 3, 10, 6>();
}

float bitsToFloat(uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, 4);
  return value;
}

// Units in the last place of the expected result.
TEST(exponential) {
  double worst = 0;
  for (double x = -87.3; x < 88.7; x += 0.000917) {
    float value = static_cast<float>(x);
    double exact = std::exp(double(value)), actual = cpu::exponential(cpu::broadcast(value))[0];
    int exponent;
    std::frexp(exact, &exponent);
    worst = std::max(worst, std::fabs(actual - exact) / std::ldexp(1, exponent - 24));
  }
  CHECK_NEAR(worst, 0, 2);
  auto at = [](float x) { return cpu::exponential(cpu::broadcast(x))[0]; };
  CHECK_EQ(at(0), 1.0f);
  CHECK_EQ(at(-0.0f), 1.0f);
  CHECK_EQ(at(-200), 0.0f);
  CHECK_EQ(at(-INFINITY), 0.0f);
  CHECK_EQ(at(90), INFINITY);
  CHECK_EQ(at(INFINITY), INFINITY);
  CHECK(std::isnan(at(NAN)));
}

template <class T> void checkEveryPattern() {
  int wrong = 0;
  for (uint32_t bits = 0; bits < 65536; ++bits) {
    uint16_t stored = static_cast<uint16_t>(bits);
    double exact = decode<T>(stored);
    float widened = cpu::widen<T>(stored);
    wrong += std::isnan(exact) ? !std::isnan(widened) : widened != exact;
    wrong += std::signbit(widened) != (stored >> 15);
    uint16_t back[cpu::Width];
    cpu::store<T>(back, cpu::broadcast(widened));
    for (uint16_t value : back)
      wrong += std::isnan(exact) ? !std::isnan(decode<T>(value)) : value != stored;
  }
  CHECK_EQ(wrong, 0);
}

// Values between two of storage, with every rest of the low bits that decides.
template <class T> void checkRounding(int lowBits, double largest) {
  int wrong = 0;
  for (uint32_t high = 0; high < 0x8000; high += 5)
    for (uint32_t low : {0u, 1u, (1u << (lowBits - 1)) - 1, 1u << (lowBits - 1),
                         (1u << (lowBits - 1)) + 1, (1u << lowBits) - 1}) {
      float value = bitsToFloat((high << 16 & ~((1u << lowBits) - 1)) | low);
      if (std::isnan(value) || value > largest)
        continue;
      uint16_t actual[cpu::Width];
      cpu::store<T>(actual, cpu::broadcast(-value));
      wrong += actual[0] != encode<T>(-value);
    }
  CHECK_EQ(wrong, 0);
}

TEST(conversions) {
  checkEveryPattern<F16>();
  checkEveryPattern<BF16>();
  checkRounding<F16>(13, 65519);
  checkRounding<BF16>(16, 3e38);
  uint16_t beyond[cpu::Width];
  cpu::store<F16>(beyond, cpu::broadcast(65520));
  CHECK_EQ(beyond[0], 0x7c00);
  cpu::store<F16>(beyond, cpu::broadcast(65519.996f));
  CHECK_EQ(beyond[0], 0x7bff);
  cpu::store<BF16>(beyond, cpu::broadcast(3.4e38f));
  CHECK_EQ(beyond[0], 0x7f80);
  cpu::store<BF16>(beyond, cpu::broadcast(bitsToFloat(0x7f800001)));
  CHECK(std::isnan(decode<BF16>(beyond[0])));
}

} // namespace
