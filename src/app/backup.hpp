// The steps of a backup, for the command and for the server's door.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "thread/thread.hpp"

namespace cityloom::app {

/// Makes the folder that a backup goes to. Errors: already_exists (not empty), unavailable.
base::Status prepare_backup(const std::string& target);

/// Copies one tenant's record ("": the default one) as of now; writes may go on.
base::Status backup_record(thread::Thread& thread, std::string_view tenant, const std::string& target);

/// Writes the marker that makes it a whole backup: what has none was cut off.
base::Status finish_backup(const std::string& target);

}  // namespace cityloom::app
