// Plan text: what is read is checked, prints as text that reads back as the same plan, and makes a
// report where it is sound.
#include "tests/fuzz/Fuzz.h"

#include "compiler/plan/Plan.h"

using namespace ashlar;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  fuzz::Quiet quiet;
  auto plan = plan::parsePlan(quiet.diags.add("input", fuzz::input(data, size)), quiet.diags);
  if (!quiet.took(plan))
    return 0;
  std::string text = plan::text(*plan);
  fuzz::Quiet again;
  auto reread = plan::parsePlan(again.diags.add("printed", text), again.diags);
  fuzz::require(again.took(reread), "a printed plan is refused", again.text + text);
  fuzz::require(plan::text(*reread) == text, "a printed plan prints otherwise", text);
  if (!plan::verify(*plan).empty())
    return 0;
  std::string report;
  llvm::raw_string_ostream out(report);
  plan::printReport(*plan, out);
  plan::printReportJson(*plan, out);
  return 0;
}
