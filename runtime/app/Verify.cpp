/// Whether an app is still what was built, and computes here what it should.
#include "runtime/app/Compare.h"
#include "runtime/app/Json.h"
#include "runtime/app/Verbs.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace ashlar {

namespace {
struct Check {
  std::string what; // "weights", "decode"
  bool same;
  std::string found;
};
} // namespace

static Check checkOf(const Pack::Digest &digest) {
  std::string all = std::to_string(digest.parts) + (digest.parts == 1 ? " part, " : " parts, ") +
                    std::to_string(digest.bytes) + " bytes";
  if (digest.wrong)
    all += ": " + std::to_string(digest.wrong) + " changed, the first is " + digest.first;
  return {digest.what, digest.wrong == 0, all};
}

static Check checkOf(const Comparison &c, const ModelInfo &model) {
  char text[200];
  const char *row = model.forward ? "row" : "token", *column = model.forward ? "column" : "logit";
  double difference = c.difference();
  bool same = difference <= c.allowed;
  int length = std::snprintf(text, sizeof(text), "%llu %ss, difference %.1e, allowed %.0e",
                             (unsigned long long)c.rows, row, difference, c.allowed);
  if (!same)
    std::snprintf(text + length, sizeof(text) - size_t(length), "; the largest at %s %llu, %s %llu",
                  row, (unsigned long long)c.row, column, (unsigned long long)c.column);
  return {c.form, same, text};
}

static Failure print(const std::vector<Check> &checks, bool json) {
  if (!json) {
    std::string text;
    for (const Check &check : checks) {
      std::string what = check.what;
      what.resize(std::max<size_t>(what.size(), 9), ' ');
      text += what + (check.same ? "  ok       " : "  differs  ") + check.found + "\n";
    }
    return put(STDOUT_FILENO, text.data(), text.size(), "standard output");
  }
  JsonOutput out;
  out.raw("[");
  for (const Check &check : checks) {
    out.raw(&check == checks.data() ? "{\"what\": \"" : ",\n {\"what\": \"");
    out.raw(check.what);
    out.raw(check.same ? "\", \"same\": true" : "\", \"same\": false");
    out.raw(", \"found\": \"");
    out.escaped(check.found);
    out.raw("\"}");
  }
  out.raw("]\n");
  return out.finish();
}

static uint64_t different(const std::vector<Check> &checks) {
  return uint64_t(std::count_if(checks.begin(), checks.end(), [](auto &c) { return !c.same; }));
}

Failure verify(const ModelInfo &model, const AppOptions &options) {
  std::vector<Check> checks;
  std::vector<Pack::Digest> digests;
  Pack pack;
  if (Failure f = pack.open(options.weights, model))
    return f;
  if (Failure f = pack.digests(digests))
    return f;
  for (const Pack::Digest &digest : digests)
    if (digest.parts)
      checks.push_back(checkOf(digest));
  uint64_t changed = different(checks);
  if (!changed) {
    Session session(model);
    if (Failure f = session.open(options.weights, options.torchModule))
      return f;
    std::vector<Comparison> comparisons;
    if (Failure f = comparePlain(session, comparisons))
      return f;
    for (const Comparison &comparison : comparisons)
      checks.push_back(checkOf(comparison, model));
  }
  if (Failure f = print(checks, options.json))
    return f;
  if (changed)
    return {ExitCode::BadInput,
            pack.where() + ": the pack is not as it was written; its numbers were not compared",
            "copy it again, or build it anew"};
  if (different(checks))
    return {ExitCode::BadInput, "what this machine computes differs from what plain C++ gives",
            "run it again: other numbers each time mean a broken processor or memory, the same "
            "ones a bug of ours or of the compiler; please report it with this table"};
  return {};
}

} // namespace ashlar
