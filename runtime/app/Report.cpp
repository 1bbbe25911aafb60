/// What an app says about itself: its plan, and whether this machine is the one it was made for.
#include "runtime/Preflight.h"
#include "runtime/app/Verbs.h"

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

Failure check(const ModelInfo &model, const AppOptions &options) {
  std::vector<Finding> findings = preflight(model);
  Pack pack;
  Failure f = pack.open(options.weights, model);
  findings.push_back({"weights", "plan " + std::string(model.planDigest),
                      f ? f.text : pack.where() + ", " + std::to_string(pack.bytes()) + " bytes",
                      f.code});
  std::string text = table(findings);
  if (Failure w = put(STDOUT_FILENO, text.data(), text.size(), "standard output"))
    return w;
  for (const Finding &finding : findings)
    if (finding.missing != ExitCode::Done)
      return {finding.missing, "this machine cannot run the plan: " + finding.what + " missing",
              f ? f.note : "build the app for this machine with ashlar build"};
  return {};
}

} // namespace ashlar
