// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// The durable embedded engine, `file:`: the broker of `memory:`, which keeps what it must in a
/// file.

#include <memory>
#include <string>

#include <gof/engines/storage.hpp>
#include <gof/node.hpp>

namespace gof::inline v0::engines {

/// \addtogroup engines
/// @{

/// Opens or makes a file, which is this storage's alone until it ends; SQLite keeps others beside
/// it, `PATH-wal` and for a moment `PATH-journal`, which belong to it. It does not shrink.
///
/// | `rest_of_url`                    | what was committed outlives                              |
/// |----------------------------------|----------------------------------------------------------|
/// | `PATH`, `PATH?durability=power`  | the power, at one fsync a commit                         |
/// | `PATH?durability=process`        | the process; without power the last commits may be lost, and what is left is whole |
///
/// A byte that went bad in `PATH` is found here or by who loads it. In `PATH-wal`, which is there
/// after a kill, it ends what is found, as a write does that the kill cut off.
/// \param rest_of_url the path and its options \returns the storage
/// \throws failure refused: an unknown option, a folder, another program's file, one of a newer
/// version, or a damaged one; not_found: no such folder; denied: no right to write there; conflict:
/// it is in use; unavailable: no room, or the disk fails. What was there is left as it was.
[[nodiscard]] std::unique_ptr<storage> open_file(const std::string& rest_of_url);

/// \returns a node on the broker of that file, which lives as long as its nodes: all nodes of this
/// process whose path leads to the same file share it \param rest_of_url as for `open_file`
/// \param node_name the node's name; one is made up where it is empty
/// \throws failure as `open_file`; conflict where a node of that name is there, or the file is
/// open with another durability \threads any
[[nodiscard]] std::unique_ptr<node> join_file(const std::string& rest_of_url,
                                              std::string node_name);

/// @}
}  // namespace gof::inline v0::engines
