//! The database: one SQLite file. Every change is one transaction; what is secret in it was sealed by the HSM before.

pub(crate) mod cards;
pub(crate) mod control_ids;
pub(crate) mod idempotency;
pub(crate) mod issuer_cards;
pub(crate) mod productions;
pub(crate) mod time;

use std::fs::{self, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Connection, Transaction, TransactionBehavior};
use uuid::Uuid;

use crate::clock::Instant;
use crate::error::Error;

/// Written into the file (`user_version`); a file of another version is not opened.
const SCHEMA_VERSION: i64 = 2;

/// SQLite's name for a database that is not in a file.
const IN_MEMORY: &str = ":memory:";

/// The database failed. SQLite's message may contain values, so it is dropped.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StoreError;

impl From<rusqlite::Error> for StoreError {
    fn from(_: rusqlite::Error) -> Self {
        Self
    }
}

/// The open database.
#[derive(Clone)]
pub(crate) struct Store {
    connection: Arc<Mutex<Connection>>,
    /// Then no call waits for a disk, and no other thread is needed.
    is_in_memory: bool,
}

impl Store {
    /// Opens the file, or makes it with its tables.
    pub(crate) fn open(db: &Path) -> Result<Self, Error> {
        let refused = |reason: String| Error::Database { db: db.to_owned(), reason };
        let is_in_memory = db == Path::new(IN_MEMORY);
        if !is_in_memory {
            // SQLite would make a file that everybody can read. If the existing one is wrong, SQLite says so below.
            let _ = OpenOptions::new().write(true).create_new(true).mode(0o600).open(db);
        }
        let connection = Connection::open(db).map_err(|error| refused(error.to_string()))?;
        let version = prepare(&connection).map_err(|error| refused(error.to_string()))?;
        if version != SCHEMA_VERSION {
            return Err(refused(format!("its tables are of version {version}, not {SCHEMA_VERSION}")));
        }
        if !is_in_memory {
            // Only now, because a file that is not ours has to keep its rights. The journal gets those of the database.
            make_private(db).map_err(|error| refused(format!("others may read it, {error}")))?;
        }
        Ok(Self { connection: Arc::new(Mutex::new(connection)), is_in_memory })
    }

    /// Runs `work` in one transaction, committed if it returns `Ok` and rolled back otherwise.
    ///
    /// The transaction takes the write lock at once, so that what `work` reads stays true until it is done.
    pub(crate) async fn transaction<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        F: FnOnce(&Transaction<'_>) -> Result<T, E> + Send + 'static,
    {
        if self.is_in_memory {
            return transaction(&self.connection, work);
        }
        let connection = Arc::clone(&self.connection);
        tokio::task::spawn_blocking(move || transaction(&connection, work)).await.map_err(|_| StoreError)?
    }

    /// Empties every table.
    pub(crate) async fn clear(&self) -> Result<(), StoreError> {
        self.transaction(|tx| {
            tx.execute_batch(
                "DELETE FROM control_ids; DELETE FROM productions; DELETE FROM plastics; DELETE FROM cards;
                 DELETE FROM issuer_cards; DELETE FROM kept_answers; DELETE FROM time;",
            )?;
            Ok(())
        })
        .await
    }
}

/// Removes the rights of group and others: control ids, names and masked numbers are in the clear there.
fn make_private(db: &Path) -> io::Result<()> {
    let rights = fs::metadata(db)?.permissions().mode();
    if rights & 0o077 == 0 { Ok(()) } else { fs::set_permissions(db, Permissions::from_mode(0o600)) }
}

fn transaction<T, E: From<StoreError>>(
    connection: &Mutex<Connection>,
    work: impl FnOnce(&Transaction<'_>) -> Result<T, E>,
) -> Result<T, E> {
    // A panic in `work` drops its transaction, which rolls back: the connection is as good as before.
    let mut connection = connection.lock().unwrap_or_else(PoisonError::into_inner);
    let changes_before = connection.total_changes();
    let transaction =
        connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(StoreError::from)?;
    let result = work(&transaction)?;
    // A commit waits until nobody else reads the file, even if there is nothing to write.
    let end = if transaction.total_changes() == changes_before {
        Transaction::rollback
    } else {
        Transaction::commit
    };
    end(transaction).map_err(StoreError::from)?;
    Ok(result)
}

/// Sets the connection up, makes the tables in an empty file, and returns the version of the tables.
fn prepare(connection: &Connection) -> rusqlite::Result<i64> {
    connection.busy_timeout(Duration::from_secs(5))?;
    // Deleted rows are overwritten, not only forgotten.
    connection.execute_batch("PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON;")?;
    let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if tables == 0 {
        connection.execute_batch(&format!(
            "BEGIN; {} PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;",
            include_str!("schema.sql")
        ))?;
    }
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}

/// A UUID as text.
struct SqlUuid(Uuid);

impl ToSql for SqlUuid {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.0.to_string().into())
    }
}

impl FromSql for SqlUuid {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        Uuid::parse_str(value.as_str()?).map(Self).map_err(FromSqlError::other)
    }
}

impl ToSql for Instant {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let ms =
            i64::try_from(self.0).map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
        Ok(ms.into())
    }
}

impl FromSql for Instant {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        u64::try_from(value.as_i64()?).map(Self).map_err(FromSqlError::other)
    }
}

/// Reads an enum back from its name.
fn from_name<T: Copy>(value: ValueRef<'_>, all: &[T], name: impl Fn(&T) -> &'static str) -> FromSqlResult<T> {
    let text = value.as_str()?;
    all.iter().copied().find(|one| name(one) == text).ok_or(FromSqlError::InvalidType)
}
