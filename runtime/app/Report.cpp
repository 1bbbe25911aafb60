/// What an app says about itself: its plan, and whether this machine is the one it was made for.
#include "runtime/Preflight.h"
#include "runtime/TorchLibrary.h"
#include "runtime/app/Json.h"
#include "runtime/app/Verbs.h"
#include "runtime/text/Utf8.h"

#include <unistd.h>

namespace ashlar {

Failure showPlan(const ModelInfo &model, const AppOptions &options) {
  Pack pack;
  if (Failure f = pack.open(options.weights, model))
    return f;
  std::string text;
  if (Failure f = pack.text(options.json ? PackKind::Report : PackKind::Plan, text))
    return f;
  return put(STDOUT_FILENO, text.data(), text.size(), "standard output");
}

/// The text of a path may be anything.
static std::string validUtf8(std::string_view text) {
  std::string valid;
  while (!text.empty()) {
    CodePoint point = firstCodePoint(text);
    valid += point.kind == CodePoint::Valid ? text.substr(0, point.bytes) : ReplacementCharacter;
    text.remove_prefix(point.bytes);
  }
  return valid;
}

/// Numbers for what is counted, words for the rest.
static Failure printJson(const std::vector<Finding> &findings) {
  JsonOutput out;
  auto value = [&](const char *key, const std::string &words, std::optional<uint64_t> count) {
    out.raw(key);
    if (count)
      return out.number(*count);
    out.raw("\"");
    out.escaped(validUtf8(words));
    out.raw("\"");
  };
  for (const Finding &finding : findings) {
    value(&finding == findings.data() ? "[{\"what\": " : ",\n {\"what\": ", finding.what, {});
    value(", \"planned\": ", finding.planned, finding.plannedCount);
    value(", \"found\": ", finding.found, finding.foundCount);
    if (!finding.parts.empty())
      out.raw(", \"parts\": ");
    for (auto &[name, bytes] : finding.parts) {
      value(&name == &finding.parts.front().first ? "{" : ", ", name, {});
      value(": ", "", bytes);
    }
    out.raw(finding.parts.empty() ? "" : "}");
    out.raw(finding.missing == ExitCode::Done ? ", \"ok\": true}" : ", \"ok\": false}");
  }
  out.raw("]\n");
  return out.finish();
}

Failure check(const ModelInfo &model, const AppOptions &options) {
  std::vector<Finding> findings = preflight(model, /*torchIsHere=*/false);
  std::string wayOut = "build the app for this machine with ashlar build";
  if (model.torch) {
    TorchLibrary torch;
    Failure f = torch.open(options.torchModule);
    if (f)
      wayOut = f.note;
    findings.push_back({"LibTorch", "a module of version " + std::to_string(ASHLAR_TORCH_VERSION),
                        f ? f.text : torch.description(), f.code});
  }
  Pack pack;
  Failure f = pack.open(options.weights, model);
  findings.push_back({"weights", "plan " + std::string(model.planDigest),
                      f ? f.text : pack.where() + ", " + std::to_string(pack.bytes()) + " bytes",
                      f.code});
  std::string text = table(findings, /*withParts=*/true);
  if (Failure w = options.json ? printJson(findings)
                               : put(STDOUT_FILENO, text.data(), text.size(), "standard output"))
    return w;
  for (const Finding &finding : findings)
    if (finding.missing != ExitCode::Done)
      return {finding.missing, "this machine cannot run the plan: " + finding.what + " missing",
              f ? f.note : wayOut};
  return {};
}

} // namespace ashlar
