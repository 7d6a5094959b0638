// Batches and purges that go to registered sources as well, or instead. ETSI GS CIM 009 clauses 4.3.6, 5.6.7 - 5.6.10,
// 5.6.20, 5.6.21.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "serve/ngsi/distributed_writes.hpp"

namespace cityloom::serve::ngsi_ld {

/// One item of a batch that was read.
struct BatchItem {
  thread::Change change;
  size_t item = 0;  ///< in the body
};

/// What sources did of a batch.
struct BatchOfSources {
  std::vector<BatchItem> here;                                 ///< what is left to be done here
  std::vector<std::string> done;                               ///< ids of which some source did its part
  std::vector<std::string> created;                            ///< of those, made anew
  std::vector<std::pair<std::string, WriteFailure>> failures;  ///< by entity id
};

/// Sends the parts of a batch to sources and goes on with what is left: `then` is called with the call, at once if no
/// source is concerned. `operation`: as sources are to support it. `path`: below /ngsi-ld/v1. `has_body`: items are
/// entities, not ids alone. The call is answered if it cannot go on.
void spread_batch(Call call, const Writing& writing, ngsi::SourceOperation operation, std::string path, bool has_body,
                  std::vector<BatchItem> items, std::function<void(Call, BatchOfSources)> then);

/// The same of a purge: each source is told to delete what it registered of the query. `done` is then empty.
void spread_purge(Call call, const Writing& writing, std::function<void(Call, BatchOfSources)> then);

}  // namespace cityloom::serve::ngsi_ld
