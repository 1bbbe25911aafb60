/// The command line of an app: one table of options serves parsing and help.
#pragma once

#include "runtime/Failure.h"
#include "runtime/ModelInfo.h"
#include "runtime/text/Sampler.h"

#include <string>
#include <vector>

namespace ashlar {

enum class OutputForm : uint8_t { Text, Tokens, Json };

struct AppOptions {
  std::string verb; // empty: generate, or forward of a model that reads rows
  bool help = false;
  bool version = false;
  std::string weights; // a pack's file; empty: the executable's own, or beside it

  std::string torchModule; // where it is not beside the executable; empty: there

  // One prompt for each sequence, in one of these two.
  std::vector<std::string> prompts;
  std::vector<std::vector<int32_t>> tokens;
  size_t sequences() const { return prompts.size() + tokens.size(); }
  uint64_t count = 256; // tokens to generate at most, of each
  SamplerOptions sampling;
  std::vector<std::string> stops; // texts before which generation ends
  bool ignoreEnd = false;
  OutputForm form = OutputForm::Text;

  std::string input;  // a file of rows
  std::string output; // a file; empty: standard output
  bool json = false;
};

/// Refuses what is not understood, and what this model or the verb does not take.
Failure parseOptions(const ModelInfo &model, int argc, char **argv, AppOptions &options);

/// The help text, from the same table: what there is for this model.
std::string helpText(const char *program, const ModelInfo &model);

} // namespace ashlar
