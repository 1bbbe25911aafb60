// How fast a token is decoded while something else keeps one processor busy, as a share of the same
// undisturbed: `ninja -C build bench-neighbour` builds it for the instructions of this machine.
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
//   bench-neighbour [ROUNDS] [PROCESSOR] [LAYERS]    where the process counts; anywhere if -1
#include "runtime/HostLimits.h"
#include "templates/cpu/kernels.h"
#include "tests/bench/Bench.h"
#include "tests/bench/PlainRead.h"

#include <sched.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace bench {
namespace {

constexpr int64_t Context = 256, Kv = KeyHeads * Dim;
constexpr uint64_t Position = 100;
constexpr int32_t Ids[] = {0, 5, 2, 7, 4, 1, 6, 3}; // the tokens of a measurement, and of the table

using HiddenRow = host::Rows<F32, Hidden>;
using KvRow = host::Rows<F32, Kv>;
using Caches = host::Cache<F16, KeyHeads, Context, Dim>;

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
  Caches cache() { return {{add(Kv * Context * 2)}}; }
  uint64_t size = 0;
};

template <class T> struct Model {
  struct Layer {
    host::Panels<T, Heads * Dim, Hidden> q;
    host::Panels<T, Kv, Hidden> k, v;
    host::Panels<T, Hidden, Heads * Dim> o;
    host::Panels<T, Ffn, Hidden> gate, up;
    host::Panels<T, Hidden, Ffn> down;
    Caches keys, values;
  };
  Layout layout;
  host::Rows<F32, Hidden> table{{layout.add(std::size(Ids) * Hidden * 4)}};
  HiddenRow x = layout.row<Hidden>(), q1 = layout.row<Hidden>(), q = layout.row<Hidden>(),
            y = layout.row<Hidden>(), last = layout.row<Hidden>();
  KvRow k1 = layout.row<Kv>(), k = layout.row<Kv>(), v = layout.row<Kv>();
  host::Rows<F32, Ffn> glu = layout.row<Ffn>();
  host::Rows<F32, Dim> angles = layout.row<Dim>();
  host::Vector<F32, Hidden> norm{{layout.add(Hidden * 4)}};
  host::Rows<F32, Vocabulary> logits = layout.row<Vocabulary>();
  uint64_t weights = layout.size;
  host::Panels<T, Vocabulary, Hidden> head = layout.matrix<T, Vocabulary, Hidden>();
  std::vector<Layer> layers;

  explicit Model(int count) : layers(count) {
    for (Layer &l : layers)
      l = {layout.matrix<T, Heads * Dim, Hidden>(),
           layout.matrix<T, Kv, Hidden>(),
           layout.matrix<T, Kv, Hidden>(),
           layout.matrix<T, Hidden, Heads * Dim>(),
           layout.matrix<T, Ffn, Hidden>(),
           layout.matrix<T, Ffn, Hidden>(),
           layout.matrix<T, Hidden, Ffn>(),
           {},
           {}};
    for (Layer &l : layers) {
      l.keys = layout.cache();
      l.values = layout.cache();
    }
  }
  uint64_t weightBytes() const { return layers[0].keys.offset - weights; }
};

constexpr float Frequencies[Dim / 2] = {1, 0.5, 0.25};

// The calls of decode.cpp, in its order: neighbour.test compares.
template <class T>
void layer(Step<1> &step, const Model<T> &m, const typename Model<T>::Layer &at) {
  cpu::products(step, cpu::rmsnormed(m.x, m.norm, 1e-5f), cpu::to(at.q, m.q1), cpu::to(at.k, m.k1),
                cpu::to(at.v, m.v));
  step.sync();
  cpu::rotate<Heads, Dim>(step, m.q1, m.angles, m.q);
  cpu::rotate<KeyHeads, Dim>(step, m.k1, m.angles, m.k);
  cpu::store(step, m.v, at.values);
  step.sync();
  cpu::store(step, m.k, at.keys);
  step.sync();
  cpu::attend(step, m.q, at.keys, at.values, m.y, 0.125f);
  step.sync();
  cpu::linear(step, m.y, at.o, m.x, m.x);
  step.sync();
  cpu::glu<cpu::Silu>(step, cpu::rmsnormed(m.x, m.norm, 1e-5f), at.gate, at.up, m.glu);
  step.sync();
  cpu::linear(step, m.glu, at.down, m.x, m.x);
  step.sync();
}

template <class T> void decode(StepState &state) {
  const Model<T> &m = *static_cast<const Model<T> *>(state.context);
  Step<1> step(state);
  cpu::embed(step, m.table, m.x);
  step.sync();
  cpu::angles(step, Frequencies, 1.0f, m.angles);
  step.sync();
  for (const auto &at : m.layers)
    layer<T>(step, m, at);
  cpu::last(step, m.x, m.last);
  step.sync();
  cpu::products(step, cpu::rmsnormed(m.last, m.norm, 1e-5f), cpu::to(m.head, m.logits));
  step.sync();
  onCaller(step, [&] { step.deliver(step.context, step.row, m.logits.at(step)); });
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
  floats(m.table.offset, int64_t(std::size(Ids)) * Hidden, -1, 2);
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

/// Tokens a second, one by one.
using Rates = std::vector<double>;

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
  typedef uint64_t Register __attribute__((vector_size(ASHLAR_VECTOR_BYTES)));
  Reading &reading = *static_cast<Reading *>(state.context);
  reading.sink += plainRead<Register>(reading.from, reading.bytes, state.thread, state.threads);
}

class Comparison {
public:
  Comparison(int rounds, int layers, Neighbour &neighbour)
      : rounds(rounds), layers(layers), neighbour(neighbour) {}

  template <class T> void type(const char *name) {
    Model<T> model(layers);
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
    nanosPerMiB = uint32_t(1e9 * chunks.threads() / median(first) / (bytes / (1 << 20)));
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
    state.deliver = [](void *, uint32_t, const float *) {};
    state.position = Position;
    for (const int32_t &id : Ids) {
      state.ids = &id;
      double start = now(CLOCK_MONOTONIC);
      team.advance(decode<T>, state);
      rates.push_back(1 / (now(CLOCK_MONOTONIC) - start));
      ++state.position;
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
      double start = now(CLOCK_MONOTONIC);
      parts.run(readAll, state);
      rates.push_back(1 / (now(CLOCK_MONOTONIC) - start));
    }
  }

  int rounds, layers;
  Neighbour &neighbour;
  StartedTeam parts{usableCores(), Sharing::Parts}, chunks{usableCores(), Sharing::Chunks};
  std::byte *arena = nullptr;
  double bytes = 0;
  uint32_t nanosPerMiB = 0;
  std::vector<float> expected;
  bool same = true;
};

} // namespace
} // namespace bench

int main(int argc, char **argv) {
  bench::askForTiles();
  auto number = [&](int i, int otherwise) { return argc > i ? std::atoi(argv[i]) : otherwise; };
  int rounds = std::max(1, number(1, 7)), layers = std::max(1, number(3, 24));
  bench::Neighbour neighbour(number(2, 1));
  bench::Comparison comparison(rounds, layers, neighbour);
  comparison.type<bench::BF16>("bf16");
  comparison.type<bench::Int8>("int8");
  comparison.type<bench::Int4>("int4");
  return 0;
}
