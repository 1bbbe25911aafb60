#include "compiler/plan/PlanText.h"
#include "compiler/plan/Report.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/JSON.h"

#include <algorithm>

using llvm::raw_ostream;
using llvm::StringRef;

namespace ashlar::plan {

/// Rows of cells in columns as wide as their widest cell; `l` and `r` say where cells stand.
static void printTable(raw_ostream &out, StringRef columns,
                       llvm::ArrayRef<std::vector<std::string>> rows) {
  std::vector<size_t> width(columns.size());
  for (const auto &row : rows)
    for (auto [w, cell] : llvm::zip(width, row))
      w = std::max(w, cell.size());
  for (const auto &row : rows) {
    std::string line;
    for (auto [w, side, cell] : llvm::zip(width, columns, row)) {
      std::string padding(w - cell.size(), ' ');
      line += (line.empty() ? "" : "  ") + (side == 'r' ? padding + cell : cell + padding);
    }
    out << StringRef(line).rtrim() << '\n';
  }
}

static std::string number(Bytes bytes) { return llvm::utostr(bytes.value); }
static std::string perSecond(double rate) { return llvm::formatv("{0:f1}", rate); }

static std::string label(const Report::Placement &placement) {
  if (!placement.layers)
    return placement.units.front();
  auto [first, last] = *placement.layers;
  std::string layers = first == last ? llvm::formatv("layer {0}", first).str()
                                     : llvm::formatv("layers {0}-{1}", first, last).str();
  return layers + " (" + llvm::join(placement.units, ", ") + ")";
}

void printReport(const Plan &plan, raw_ostream &out) {
  Report report = reportOf(plan);
  out << plan.spec << " on " << plan.machine << ": " << plan.layers << " layers, ";
  if (plan.forward)
    out << "rows";
  else
    out << "context " << plan.context << ", batch " << plan.batch << ", prefill";
  out << " in chunks of " << plan.chunk << '\n';

  std::vector<std::string> unused;
  for (const Report::MemoryTable &table : report.memories) {
    if (table.total.value == 0) {
      unused.push_back(table.name + " (" + forPeople(table.capacity) + ")");
      continue;
    }
    std::vector<std::vector<std::string>> rows = {{"memory " + table.name, "bytes", ""}};
    auto add = [&](StringRef name, Bytes bytes) {
      rows.push_back({"  " + name.str(), number(bytes), forPeople(bytes)});
    };
    for (const Report::Row &row : table.rows)
      if (row.bytes.value)
        add(row.name, row.bytes);
    add("total", table.total);
    add("capacity", table.capacity);
    add("slack", table.capacity - table.total);
    rows.back()[1] = table.slack;
    out << '\n';
    printTable(out, "lrr", rows);
  }
  if (!unused.empty())
    out << "\nunused: " << llvm::join(unused, ", ") << '\n';

  std::vector<std::vector<std::string>> rows = {
      {"placement", "home", "decode", "prefill", "state", "bytes"}};
  for (const Report::Placement &placement : report.placements)
    rows.push_back({"  " + label(placement), placement.home, placement.decode, placement.prefill,
                    name(placement.state).str(), number(placement.bytes)});
  if (plan.forward) {
    rows.front()[3] = "forward";
    for (auto &row : rows)
      row.erase(row.begin() + 2);
  }
  out << '\n';
  printTable(out, plan.forward ? "llllr" : "lllllr", rows);

  std::string counted = plan.forward ? "rows" : "tokens";
  rows = {{"time of a step", counted, "predicted", counted + "/s", "bound", "gap"}};
  for (const Report::Time &time : report.times)
    rows.push_back({"  " + time.prediction->phase, llvm::utostr(time.tokens),
                    forPeople(time.prediction->time), perSecond(time.tokensPerSecond),
                    forPeople(time.prediction->bound), gapText(*time.prediction)});
  out << '\n';
  printTable(out, "lrrrrr", rows);
  for (const Report::Time &time : report.times)
    out << "  " << time.prediction->phase << ": " << time.prediction->bottleneck << '\n';
}

void printReportJson(const Plan &plan, raw_ostream &out) {
  Report report = reportOf(plan);
  llvm::json::OStream json(out, 2);
  auto string = [&](StringRef key, StringRef text) {
    json.attribute(key, llvm::json::fixUTF8(text));
  };
  auto bytes = [&](StringRef key, Bytes value) { json.attribute(key, value.value); };
  json.object([&] {
    string("model", plan.spec);
    string("digest", plan.modelDigest);
    string("machine", plan.machine);
    json.attribute("layers", plan.layers);
    if (!plan.forward) {
      json.attribute("context", plan.context);
      json.attribute("batch", plan.batch);
    }
    json.attribute("chunk", plan.chunk);
    json.attributeArray("memories", [&] {
      for (const Report::MemoryTable &table : report.memories)
        json.object([&] {
          string("name", table.name);
          json.attributeArray("rows", [&] {
            for (const Report::Row &row : table.rows)
              json.object([&] {
                string("name", row.name);
                bytes("bytes", row.bytes);
              });
          });
          bytes("total", table.total);
          bytes("capacity", table.capacity);
          json.attributeBegin("slack"); // as in the text: of either sign, and of 64 bits
          json.rawValue(table.slack);
          json.attributeEnd();
        });
    });
    json.attributeArray("placements", [&] {
      for (const Report::Placement &placement : report.placements)
        json.object([&] {
          if (placement.layers)
            json.attributeArray("layers", [&] {
              json.value(placement.layers->first);
              json.value(placement.layers->second);
            });
          json.attributeArray("units", [&] {
            for (const std::string &unit : placement.units)
              json.value(llvm::json::fixUTF8(unit));
          });
          string("home", placement.home);
          if (!plan.forward)
            string("decode", placement.decode);
          string(plan.forward ? "forward" : "prefill", placement.prefill);
          string("state", name(placement.state));
          bytes("bytes", placement.bytes);
        });
    });
    json.attributeArray("phases", [&] {
      for (const Report::Time &time : report.times)
        json.object([&] {
          string("name", time.prediction->phase);
          json.attribute(plan.forward ? "rows" : "tokens", time.tokens);
          json.attribute("ns", time.prediction->time.value);
          json.attribute("bound_ns", time.prediction->bound.value);
          json.attributeBegin("gap");
          json.rawValue(time.prediction->bound.value ? gapText(*time.prediction) : "null");
          json.attributeEnd();
          json.attributeBegin(plan.forward ? "rows_per_second" : "tokens_per_second");
          json.rawValue(perSecond(time.tokensPerSecond));
          json.attributeEnd();
          string("bottleneck", time.prediction->bottleneck);
        });
    });
  });
  out << '\n';
}

} // namespace ashlar::plan
