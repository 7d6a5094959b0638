// The door to the making of a city: an invented city, quarter by quarter, into a sink.
#pragma once

#include <optional>

#include "rehearsal/plan.hpp"
#include "space/space.hpp"

namespace cityloom::rehearsal {

/// Makes an invented city and hands it to the sink: river, streets with junctions, lanes and signals, buildings with
/// uses, heights, names, addresses and inhabitants, green, and the networks below the streets. The same spec gives the
/// same changes. What an earlier rehearsal made and this one does not is removed. Every entity carries `invented: true`
/// and the source "rehearsal". Memory: some 20 bytes a building, whatever their number. Progress counts buildings as
/// bytes. Errors: invalid (spec), cancelled, those of the sink.
base::Result<space::ImportReport> make_city(const CitySpec& spec, space::ImportSink& sink,
                                            const space::ImportOptions& options = {});

/// The spec of the invented city that a record holds; nothing if it holds none.
base::Result<std::optional<CitySpec>> find_city(const thread::Thread& thread);

}  // namespace cityloom::rehearsal
