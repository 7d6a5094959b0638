// What of the past an NGSI-LD snapshot shows. ETSI GS CIM 009 clause 4.3.7.
#pragma once

#include <string_view>
#include <vector>

#include "serve/tenants.hpp"
#include "thread/snapshot.hpp"

namespace cityloom::serve::ngsi_ld {

/// Whether a snapshot has an entity, also one that has ended since: what was stated of it on the snapshot's branch
/// tells. Without a snapshot always. Errors: as of Snapshot::history.
base::Result<bool> is_selected(const Reading& reading, std::string_view id, const twin::EntityRecord& record);

/// An entity that was made on a snapshot's branch has no past from before, whatever had its id then.
void leave_out_before(const Selection& selection, twin::EntityNumber number,
                      std::vector<thread::AttributeHistory>& histories);

}  // namespace cityloom::serve::ngsi_ld
