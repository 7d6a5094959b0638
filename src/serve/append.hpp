// From a handler to the record and back: submit changes, answer when they are durable.
#pragma once

#include <absl/functional/any_invocable.h>

#include "serve/router.hpp"
#include "thread/thread.hpp"

namespace cityloom::serve {

/// Makes the response out of what became of the changes.
using AnswerOutcomes = absl::AnyInvocable<Response(base::Result<thread::Outcomes>)>;

/// Submits and, when the changes are durable or refused, calls `answer` on the connection's worker and sends what it
/// makes, with what the record's guard had to say in NGSILD-Warning headers. Nothing waits meanwhile. `answer` may use
/// the request: it lives until the reply is sent.
void append_and_reply(thread::Thread& thread, thread::ChangeSet changes, Reply reply, AnswerOutcomes answer);

}  // namespace cityloom::serve
