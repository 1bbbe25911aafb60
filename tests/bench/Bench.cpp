#include "tests/bench/Bench.h"

#include "runtime/HostLimits.h"
#include "runtime/TileRegisters.h"
#include "templates/cpu/isa.h"
#include "tests/bench/PlainRead.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace bench {

void fail(const std::string &why) {
  std::fprintf(stderr, "%s\n", why.c_str());
  std::exit(1);
}

/// N[,N]; nothing where it is something else.
static std::vector<uint32_t> numbers(const char *text) {
  std::vector<uint32_t> values;
  for (const char *at = text;; ++at) {
    char *end;
    unsigned long value = std::strtoul(at, &end, 10);
    if (end == at || value == 0 || value > 1 << 12)
      return {};
    values.push_back(uint32_t(value));
    if (*end == 0)
      return values;
    if (*end != ',')
      return {};
    at = end;
  }
}

Settings::Settings(int argc, char **argv, const char *usage) {
  auto value = [&](int &i) {
    std::vector<uint32_t> values = i + 1 < argc ? numbers(argv[++i]) : std::vector<uint32_t>();
    if (values.empty())
      fail(usage);
    return values;
  };
  for (int i = 1; i < argc; ++i) {
    std::string argument = argv[i];
    if (argument == "--quick") {
      quick = true;
      repeats = 1;
    } else if (argument == "--repeats") {
      repeats = int(value(i).front());
    } else if (argument == "--threads") {
      threads = value(i);
    } else if (argument == "--help") {
      std::puts(usage);
      std::exit(0);
    } else if (argument.starts_with("-")) {
      fail(usage);
    } else {
      names.push_back(argument);
    }
  }
  if (threads.empty()) {
    threads = {1, usableCores()};
    threads.erase(std::unique(threads.begin(), threads.end()), threads.end());
  }
}

uint32_t Settings::mostThreads() const { return *std::max_element(threads.begin(), threads.end()); }

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

void askForTiles() {
#ifdef __AMX_TILE__
  if (!useTileRegisters())
    fail("this system lets no program use registers of tiles");
#endif
}

StartedTeam::StartedTeam(uint32_t threads, Sharing sharing) : Team(threads, sharing) {
  std::string reason;
  if (!start(reason))
    fail("no threads: " + reason);
}

namespace {

/// Each thread writes a part. Where it is the first to do so, pages come from near a processor that
/// will read them.
void populate(StepState &state) {
  const Run &run = runOf<Run>(state);
  uint64_t words = uint64_t(run.work) / 4;
  auto *to = reinterpret_cast<uint32_t *>(state.host);
  std::fill(to + words * state.thread / state.threads,
            to + words * (state.thread + 1) / state.threads, 0x3f803f80);
}

typedef uint64_t Register __attribute__((vector_size(ASHLAR_VECTOR_BYTES)));

struct Reads : Run {
  uint64_t bytes, times;
  uint64_t *sums; // of each thread

  static void run(StepState &state) {
    const Reads &reads = runOf<Reads>(state);
    timed(state, [&] {
      for (uint64_t i = 0; i < reads.times; ++i) {
        reads.sums[state.thread] +=
            plainRead<Register>(state.host + Operands, reads.bytes, state.thread, state.threads);
        asm volatile("" : : : "memory"); // the next one is another
      }
    });
  }
};

} // namespace

Numbers::Numbers(const Settings &settings, uint64_t size) : size(size) {
  if (Failure failure = arena.allocate(size))
    fail(failure.text);
  StartedTeam team(settings.mostThreads());
  restore(team);
}

void Numbers::restore(Team &team) const {
  Run run{populate, double(size)};
  StepState state;
  state.host = base();
  state.context = &run;
  team.run(run.body, state);
}

Bench::Bench(const Settings &settings, const Numbers &numbers, uint32_t threads)
    : settings(settings), team(threads) {
  numbers.restore(team);
  step.host = numbers.base();
}

bool Bench::asked(const std::string &name) const {
  return settings.names.empty() ||
         std::any_of(settings.names.begin(), settings.names.end(),
                     [&](const std::string &part) { return name.starts_with(part); });
}

Bench::Time Bench::time(Run &run) {
  run.processor.assign(team.threads(), 0);
  step.context = &run;
  double start = now(CLOCK_MONOTONIC);
  team.run(run.body, step);
  double clock = now(CLOCK_MONOTONIC) - start;
  return {*std::max_element(run.processor.begin(), run.processor.end()), clock};
}

void Bench::measure(const Row &row, Run &calls, uint64_t span, const Peak *peak) {
  step.tokens = row.rows;
  std::vector<uint64_t> sums(team.threads());
  Run most{};
  Reads reads{};
  if (peak) {
    most = {peak->body, peak->operations * team.threads()};
  } else {
    uint64_t bytes = std::max(span, uint64_t(row.work));
    uint64_t times = std::max<uint64_t>(1, uint64_t(calls.work) / bytes);
    reads = {{Reads::run, double(bytes * times)}, bytes, times, sums.data()};
  }
  Run &other = peak ? most : reads;

  // Seconds of each, and of the clock; and how much faster the other would have done the same.
  std::vector<double> of[2], others[2], shares;
  auto take = [&](std::vector<double>(&to)[2], Run &run) {
    Time taken = time(run);
    to[0].push_back(taken.processor);
    to[1].push_back(taken.clock);
    return taken.processor;
  };
  double before = take(others, other);
  int repeats = peak ? (settings.repeats + 2) / 3 : settings.repeats;
  for (int i = 0; i < repeats; ++i) {
    double taken = take(of, calls), after = take(others, other);
    shares.push_back((before + after) / 2 / other.work * calls.work / taken);
    before = after;
  }
  auto rate = [](double work, const std::vector<double> &times) {
    return work / median(times) * 1e-9;
  };
  double count = calls.work / row.work;
  std::printf("%-36s %3u rows %3u threads: %7.1f %s (%7.1f), %s %7.1f (%7.1f), share %.2f; a call "
              "%.1f us (%.1f)\n",
              row.name.c_str(), row.rows, team.threads(), rate(calls.work, of[0]),
              peak ? "GFLOP/s" : "GB/s", rate(calls.work, of[1]), peak ? peak->name : "plain read",
              rate(other.work, others[0]), rate(other.work, others[1]), median(shares),
              median(of[0]) / count * 1e6, median(of[1]) / count * 1e6);
  std::fflush(stdout);
}

} // namespace bench
