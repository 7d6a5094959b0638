// From a handler to the appender and back.
#include "serve/append.hpp"

#include <memory>
#include <utility>

namespace cityloom::serve {

void append_and_reply(thread::Thread& thread, thread::ChangeSet changes, Reply reply, AnswerOutcomes answer) {
  struct Waiting {
    Reply reply;
    AnswerOutcomes answer;
  };
  // Completion must be copyable, so what it holds is shared.
  auto waiting = std::make_shared<Waiting>(Waiting{std::move(reply), std::move(answer)});
  thread.submit(std::move(changes), [waiting](base::Result<thread::Outcomes> outcomes) {
    waiting->reply.resume([waiting, outcomes = std::move(outcomes)](Reply back) mutable {
      back.send(waiting->answer(std::move(outcomes)));
    });
  });
}

}  // namespace cityloom::serve
