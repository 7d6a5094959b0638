// Snapshots as JSON: as clients see them, as they are kept, and as their status is told.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "serve/ngsi/snapshots.hpp"

namespace cityloom::serve::ngsi_ld {

/// What is kept of a snapshot; `restored_snapshot` reads it. Its selection lies elsewhere, under `asset`.
std::string stored_text(const NgsiSnapshot& snapshot);
/// All but the branch's id and the selection; `since` is the selection's. Errors: corrupt.
base::Result<std::shared_ptr<NgsiSnapshot>> restored_snapshot(std::string_view text, twin::Offset& since);

/// The data type SnapshotNotification (clause 5.3.4).
std::string snapshot_notification(const NgsiSnapshot& snapshot, std::string_view id, base::Instant now);

}  // namespace cityloom::serve::ngsi_ld
