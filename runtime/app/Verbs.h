/// The verbs of an app. Each writes its result to standard output and everything else to standard
/// error.
#pragma once

#include "runtime/Session.h"
#include "runtime/app/Options.h"

namespace ashlar {

Failure generate(const ModelInfo &model, const AppOptions &options);
Failure logits(const ModelInfo &model, const AppOptions &options);
Failure perplexity(const ModelInfo &model, const AppOptions &options);
Failure forward(const ModelInfo &model, const AppOptions &options);
Failure bench(const ModelInfo &model, const AppOptions &options);
Failure showPlan(const ModelInfo &model, const AppOptions &options);
Failure check(const ModelInfo &model, const AppOptions &options);
Failure verify(const ModelInfo &model, const AppOptions &options);

/// What can be said about the prompts before anything is loaded.
Failure checkPrompts(const ModelInfo &model, const AppOptions &options);

/// Whether all ids are of the vocabulary.
Failure checkIds(const ModelInfo &model, std::span<const int32_t> ids);

/// For text, where there is no tokenizer.
Failure noTokenizer(const char *wayOut);

/// For logits of damaged weights.
Failure notNumbers();

/// The prompts of the options as token ids.
Failure promptIds(const Session &session, const AppOptions &options,
                  std::vector<std::vector<int32_t>> &prompts);

/// Whether what -o names may be overwritten.
Failure checkOutput(const Session &session, const AppOptions &options);

/// Writes all of it, to a descriptor; allocates nothing.
Failure put(int file, const void *data, uint64_t bytes, const char *name);

/// Nanoseconds of a clock that only goes forward.
uint64_t now();

} // namespace ashlar
