// How fast a token is decoded while something else keeps one processor busy, as a share of the same
// undisturbed: `ninja -C build bench-neighbour` builds one of these for each instruction set.
//
// The model is a Llama of 1.2 billion parameters (hidden 2048, 24 layers, ffn 5632, 32 heads on 8,
// vocabulary 32000) of made-up numbers, its calls those that the compiler emits. Two teams take
// turns, each alone and beside a process that counts: one whose threads take over chunks from each
// other, as in apps, and one whose threads each do their own part of every call. What else the
// machine does disturbs all four alike. Medians of all tokens, and in brackets the fastest, which
// says what an undisturbed one takes where the machine is never quiet; a plain read of as many
// bytes stands beside them, since memory has faster and slower minutes. All must give the same
// logits.
//
//   bench-neighbour-avx512bf16 [ROUNDS] [PROCESSOR]    where the process counts; anywhere if -1
#include "runtime/Memory.h"
#include "runtime/Team.h"
#include "templates/cpu/kernels.h"

#include <sched.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

using namespace ashlar;

namespace {

constexpr int64_t Hidden = 2048, Ffn = 5632, Layers = 24, Heads = 32, Kv = 8, Dim = 64;
constexpr int64_t Vocabulary = 32000, Context = 256;
constexpr uint64_t Position = 100;
constexpr uint32_t Tokens = 8; // of a measurement

using Row = host::Rows<F32, Hidden>;
using Caches = host::Cache<F16, Kv, Context, Dim>;

/// What lies where, one behind the other.
class Layout {
public:
  uint64_t add(uint64_t bytes) {
    uint64_t at = size;
    size = (size + bytes + 63) / 64 * 64;
    return at;
  }
  template <int64_t N> host::Rows<F32, N> row() { return {{add(N * 4)}}; }
  template <class T, int64_t N, int64_t K> host::Panels<T, N, K> matrix() {
    return {{add(cpu::panelBytes<T>(N, K))}};
  }
  Caches cache() { return {{add(Kv * Context * Dim * 2)}}; }
  uint64_t size = 0;
};

template <class T> struct Model {
  struct Layer {
    host::Panels<T, Heads * Dim, Hidden> q;
    host::Panels<T, Kv * Dim, Hidden> k, v;
    host::Panels<T, Hidden, Heads * Dim> o;
    host::Panels<T, Ffn, Hidden> gate, up;
    host::Panels<T, Hidden, Ffn> down;
    Caches keys, values;
  };
  Layout layout;
  Row start = layout.row<Hidden>(), x = layout.row<Hidden>(), a = layout.row<Hidden>(),
      q = layout.row<Heads * Dim>(), y = layout.row<Heads * Dim>(), o = layout.row<Hidden>();
  host::Rows<F32, Kv *Dim> k = layout.row<Kv * Dim>(), v = layout.row<Kv * Dim>();
  host::Rows<F32, Ffn> gate = layout.row<Ffn>(), up = layout.row<Ffn>();
  host::Rows<F32, Dim> angles = layout.row<Dim>();
  host::Vector<F32, Hidden> norm{{layout.add(Hidden * 4)}};
  host::Rows<F32, Vocabulary> logits = layout.row<Vocabulary>();
  uint64_t weights = layout.size;
  host::Panels<T, Vocabulary, Hidden> head = layout.matrix<T, Vocabulary, Hidden>();
  Layer layers[Layers];

  Model() {
    for (Layer &l : layers) {
      l = {layout.matrix<T, Heads * Dim, Hidden>(),
           layout.matrix<T, Kv * Dim, Hidden>(),
           layout.matrix<T, Kv * Dim, Hidden>(),
           layout.matrix<T, Hidden, Heads * Dim>(),
           layout.matrix<T, Ffn, Hidden>(),
           layout.matrix<T, Ffn, Hidden>(),
           layout.matrix<T, Hidden, Ffn>(),
           {},
           {}};
    }
    for (Layer &l : layers) {
      l.keys = layout.cache();
      l.values = layout.cache();
    }
  }
  uint64_t weightBytes() const { return layers[0].keys.offset - weights; }
};

constexpr float Frequencies[Dim / 2] = {1, 0.5, 0.25};

/// One token, as decode.cpp has it.
template <class T> void decode(StepState &state) {
  const Model<T> &m = *static_cast<const Model<T> *>(state.context);
  Step<1> step(state);
  cpu::copy(step, m.start, m.x);
  cpu::angles(step, Frequencies, 1.0f, m.angles);
  step.sync();
  for (const auto &at : m.layers) {
    cpu::rmsnorm(step, m.x, m.norm, m.a, 1e-5f);
    step.sync();
    cpu::linear(step, m.a, at.q, m.q);
    step.sync();
    cpu::rotate<Heads, Dim>(step, m.q, m.angles, m.q);
    cpu::linear(step, m.a, at.k, m.k);
    step.sync();
    cpu::rotate<Kv, Dim>(step, m.k, m.angles, m.k);
    cpu::linear(step, m.a, at.v, m.v);
    step.sync();
    cpu::store(step, m.k, at.keys);
    cpu::store(step, m.v, at.values);
    step.sync();
    cpu::attend(step, m.q, at.keys, at.values, m.y, 0.125f);
    step.sync();
    cpu::linear(step, m.y, at.o, m.o);
    step.sync();
    cpu::add(step, m.x, m.o, m.x);
    step.sync();
    cpu::rmsnorm(step, m.x, m.norm, m.a, 1e-5f);
    step.sync();
    cpu::linear(step, m.a, at.gate, m.gate);
    cpu::linear(step, m.a, at.up, m.up);
    step.sync();
    cpu::glu<cpu::Silu>(step, m.gate, m.up, m.gate);
    step.sync();
    cpu::linear(step, m.gate, at.down, m.o);
    step.sync();
    cpu::add(step, m.x, m.o, m.x);
    step.sync();
  }
  cpu::rmsnorm(step, m.x, m.norm, m.a, 1e-5f);
  step.sync();
  cpu::linear(step, m.a, m.head, m.logits);
  step.sync();
}

/// Small numbers of each sign, and of quantized weights small scales.
template <class T> void fill(std::byte *arena, const Model<T> &m) {
  uint32_t random = 1;
  auto next = [&] { return random = random * 1664525 + 1013904223; };
  auto floats = [&](uint64_t offset, int64_t count, float least, float span) {
    auto *to = reinterpret_cast<float *>(arena + offset);
    for (int64_t i = 0; i < count; ++i)
      to[i] = least + span * float(next() >> 8) * 0x1p-24f;
  };
  floats(m.start.offset, Hidden, -1, 2);
  floats(m.norm.offset, Hidden, 0.5f, 1);
  std::vector<std::byte> pattern(1088 * 4096); // whole groups of int8
  for (size_t at = 0; at < pattern.size(); at += 2) {
    uint16_t value = uint16_t(next() >> 16);
    if constexpr (std::is_same_v<T, Int4>) {
      // Bytes of numbers and scales may be any; rows' scales, f32, are 2^-15 and more.
      value = uint16_t(0x3800 | (value & 0xff));
    } else if constexpr (std::is_same_v<T, Int8>) {
      if (at % size_t(cpu::BundleBytes<T>) < cpu::BundleScaleBytes)
        value = uint16_t(0x1c00 | (value & 0x3ff)); // f16, 2^-8 and more
    } else {
      value = uint16_t((value & 0x807f) | 0x3c80); // bf16, 2^-6 and more
    }
    std::memcpy(pattern.data() + at, &value, 2);
  }
  for (uint64_t at = 0; at < m.weightBytes(); at += pattern.size())
    std::memcpy(arena + m.weights + at, pattern.data(),
                std::min<uint64_t>(pattern.size(), m.weightBytes() - at));
}

double seconds() { return double(clockNanos()) * 1e-9; }

/// Tokens a second, one by one.
using Rates = std::vector<double>;

double median(Rates rates) {
  std::sort(rates.begin(), rates.end());
  return rates[rates.size() / 2];
}
double fastest(const Rates &rates) { return *std::max_element(rates.begin(), rates.end()); }

/// A process that counts, when it is let.
class Neighbour {
public:
  explicit Neighbour(int processor) : child(fork()) {
    if (child != 0)
      return;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (processor >= 0) {
      cpu_set_t one;
      CPU_ZERO(&one);
      CPU_SET(processor, &one);
      sched_setaffinity(0, sizeof(one), &one);
    }
    for (std::atomic<uint64_t> count{0};;)
      count.fetch_add(1, std::memory_order_relaxed);
  }
  ~Neighbour() { kill(child, SIGKILL); }
  void work(bool yes) {
    kill(child, yes ? SIGCONT : SIGSTOP);
    usleep(20'000); // the system takes a while to see where it is busy
  }

private:
  pid_t child;
};

struct Reading {
  std::byte *from;
  uint64_t bytes;
  std::atomic<uint64_t> sink{0};
};

void readAll(StepState &state) {
  typedef uint64_t Line __attribute__((vector_size(64)));
  Reading &reading = *static_cast<Reading *>(state.context);
  uint64_t lines = reading.bytes / 4 / sizeof(Line) * 4;
  auto *line = reinterpret_cast<const Line *>(reading.from);
  uint64_t at = lines * state.thread / state.threads / 4 * 4;
  uint64_t end = lines * (state.thread + 1) / state.threads / 4 * 4;
  Line sums[4] = {};
  for (; at < end; at += 4)
    for (int i = 0; i < 4; ++i)
      sums[i] += line[at + i];
  Line sum = sums[0] + sums[1] + sums[2] + sums[3];
  reading.sink += sum[0] + sum[7];
}

class Bench {
public:
  Bench(int rounds, Neighbour &neighbour) : rounds(rounds), neighbour(neighbour) {
    std::string reason;
    if (!parts.start(reason) || !chunks.start(reason)) {
      std::fprintf(stderr, "no threads: %s\n", reason.c_str());
      std::exit(1);
    }
  }

  template <class T> void type(const char *name) {
    Model<T> model;
    Arena memory;
    if (Failure failure = memory.allocate(model.layout.size)) {
      std::fprintf(stderr, "%s: %s\n", name, failure.text.c_str());
      return;
    }
    arena = memory.base();
    fill(arena, model);

    neighbour.work(false);
    bytes = double(model.weightBytes());
    nanosPerMiB = 0;
    Rates first;
    measure(chunks, model, first);
    nanosPerMiB = uint32_t(2e9 / median(first) / (bytes / (1 << 20)));
    Rates ofRead, of[2][2]; // by team and neighbour
    for (int round = 0; round < rounds; ++round)
      for (bool busy : {false, true}) {
        neighbour.work(busy);
        measure(parts, model, of[0][busy]);
        measure(chunks, model, of[1][busy]);
        if (!busy)
          read(model.weights, ofRead);
      }
    neighbour.work(false);
    std::printf("%-5s read %5.1f GB/s (%5.1f)", name, median(ofRead) * bytes * 1e-9,
                fastest(ofRead) * bytes * 1e-9);
    for (int team : {0, 1}) {
      const Rates &calm = of[team][0], &busy = of[team][1];
      std::printf(" | %s %6.2f tok/s (%6.2f), share of the read %.2f (%.2f), busy %6.2f: %.2f",
                  team ? "chunks" : "parts", median(calm), fastest(calm),
                  median(calm) / median(ofRead), fastest(calm) / fastest(ofRead), median(busy),
                  median(busy) / median(calm));
    }
    std::printf(" | %s\n", same ? "equal logits" : "DIFFERENT LOGITS");
    std::fflush(stdout);
    expected.clear();
  }

private:
  template <class T> void measure(Team &team, const Model<T> &model, Rates &rates) {
    StepState state;
    state.host = arena;
    state.tokens = 1;
    state.nanosPerMiB = nanosPerMiB;
    state.context = const_cast<Model<T> *>(&model);
    for (uint32_t token = 0; token < Tokens; ++token) {
      state.position = Position + token;
      double start = seconds();
      team.advance(decode<T>, state);
      rates.push_back(1 / (seconds() - start));
    }
    team.run([](StepState &) {}, state); // late threads are not for the next one's account
    auto *logits = reinterpret_cast<const float *>(arena + model.logits.offset);
    std::vector<float> found(logits, logits + Vocabulary);
    if (expected.empty())
      expected = found;
    same &= std::memcmp(expected.data(), found.data(), Vocabulary * sizeof(float)) == 0 &&
            found[0] == found[0] && found[0] != found[1];
  }

  /// The same of a plain read of the weights.
  void read(uint64_t weights, Rates &rates) {
    Reading reading{arena + weights, uint64_t(bytes)};
    StepState state;
    state.context = &reading;
    for (int i = 0; i < 3; ++i) {
      double start = seconds();
      parts.run(readAll, state);
      rates.push_back(1 / (seconds() - start));
    }
  }

  int rounds;
  Neighbour &neighbour;
  Team parts{2, Sharing::Parts}, chunks{2, Sharing::Chunks};
  std::byte *arena = nullptr;
  double bytes = 0;
  uint32_t nanosPerMiB = 0;
  std::vector<float> expected;
  bool same = true;
};

} // namespace

int main(int argc, char **argv) {
  int rounds = argc > 1 ? std::max(1, std::atoi(argv[1])) : 7;
  Neighbour neighbour(argc > 2 ? std::atoi(argv[2]) : 1);
  Bench bench(rounds, neighbour);
  bench.type<BF16>("bf16");
  bench.type<Int8>("int8");
  bench.type<Int4>("int4");
  return 0;
}
