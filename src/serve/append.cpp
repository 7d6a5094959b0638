// From a handler to the appender and back.
#include "serve/append.hpp"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "ngsi/json.hpp"

namespace cityloom::serve {
namespace {

// What the record's guard had to say of changes that it let be: as warnings of NGSI-LD are told (ETSI GS CIM 009 table
// 6.3.17-1), a few of them.
std::vector<std::string> warnings_in(const base::Result<thread::Outcomes>& outcomes) {
  constexpr size_t warnings_max = 20;
  std::vector<std::string> warnings;
  if (!outcomes.ok()) return warnings;
  size_t more = 0;
  for (const auto& outcome : *outcomes) {
    if (!outcome.ok()) continue;
    for (const std::string& warning : outcome->warnings) {
      if (warnings.size() < warnings_max) {
        warnings.push_back("299 cityloom ");
        ngsi::append_quoted(warning, warnings.back());
      } else {
        ++more;
      }
    }
  }
  if (more > 0) warnings.push_back("299 cityloom \"and " + std::to_string(more) + " more\"");
  return warnings;
}

}  // namespace

void append_and_reply(thread::Thread& thread, thread::ChangeSet changes, Reply reply, AnswerOutcomes answer) {
  struct Waiting {
    Reply reply;
    AnswerOutcomes answer;
  };
  // Completion must be copyable, so what it holds is shared.
  auto waiting = std::make_shared<Waiting>(Waiting{std::move(reply), std::move(answer)});
  thread.submit(std::move(changes), [waiting](base::Result<thread::Outcomes> outcomes) {
    waiting->reply.resume([waiting, outcomes = std::move(outcomes)](Reply back) mutable {
      const std::vector<std::string> warnings = warnings_in(outcomes);
      Response response = waiting->answer(std::move(outcomes));
      for (const std::string& warning : warnings) response.header("NGSILD-Warning", warning);
      back.send(std::move(response));
    });
  });
}

}  // namespace cityloom::serve
