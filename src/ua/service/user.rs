//! UserManagement (Part 18, 5.2): local users are added, changed and removed, and change their own passwords. Passwords are
//! hashed, and the list is written, away from the server's thread.

use std::rc::Rc;

use opcua_types::{
    CallMethodRequest, CallMethodResult, MethodId, NodeId, ObjectId, StatusCode,
    UserConfigurationMask, Variant,
};
use tokio::task::JoinHandle;
use tracing::info;

use crate::access::{Actor, Role};
use crate::config::{RoleTable, UserChange, UserError, UserList, UserOptions, Users, save_roles};
use crate::time;
use crate::ua::role::has_administrator;
use crate::ua::server::Server;
use crate::ua::service::method::{answered, failed};
use crate::ua::status;
use crate::ua::subscription::SessionKey;

/// Longest password that is looked at, bytes.
const PASSWORD_BYTES: usize = 4096;

/// What is to be done.
enum Wish {
    Add { name: String, password: String, options: UserOptions, description: String },
    Modify { name: String, change: UserChange },
    Remove { name: String },
    Password { old: String, new: String },
}

/// A method of UserManagement, by the number of the instance's and of the type's.
fn method_of(call: &CallMethodRequest) -> Option<&'static str> {
    use MethodId as M;
    if call.object_id != NodeId::new(0, ObjectId::UserManagement as u32) {
        return None;
    }
    let is = |it: M| call.method_id == (0, it as u32);
    let methods = [
        ("AddUser", M::UserManagement_AddUser, M::UserManagementType_AddUser),
        ("ModifyUser", M::UserManagement_ModifyUser, M::UserManagementType_ModifyUser),
        ("RemoveUser", M::UserManagement_RemoveUser, M::UserManagementType_RemoveUser),
        ("ChangePassword", M::UserManagement_ChangePassword, M::UserManagementType_ChangePassword),
    ];
    methods.into_iter().find(|(_, own, of_type)| is(*own) || is(*of_type)).map(|it| it.0)
}

/// A call of a method of UserManagement; `None` if it is for something else.
pub(super) fn call(
    server: &Rc<Server>,
    session: SessionKey,
    actor: &Actor,
    call: &CallMethodRequest,
) -> Option<Result<JoinHandle<CallMethodResult>, CallMethodResult>> {
    let name = method_of(call)?;
    Some(read(name, call).map(|wish| {
        let (server, actor, call) = (Rc::clone(server), actor.clone(), call.clone());
        tokio::task::spawn_local(async move {
            let done = carry_out(&server, session, &actor, wish).await;
            done.map_or_else(failed, |()| answered(&call, Vec::new()))
        })
    }))
}

/// Number and types of the arguments.
fn read(name: &str, call: &CallMethodRequest) -> Result<Wish, CallMethodResult> {
    let given = call.input_arguments.as_deref().unwrap_or_default();
    let wanted = match name {
        "AddUser" => 4,
        "ModifyUser" => 7,
        "RemoveUser" => 1,
        _ => 2,
    };
    if given.len() != wanted {
        let few = given.len() < wanted;
        let (few_code, many) = (StatusCode::BadArgumentsMissing, StatusCode::BadTooManyArguments);
        return Err(failed(if few { few_code } else { many }));
    }
    let mut reader = Arguments { given, codes: vec![StatusCode::Good; given.len()] };
    let wish = match name {
        "AddUser" => Wish::Add {
            name: reader.text(0),
            password: reader.text(1),
            options: reader.options(2),
            description: reader.text(3),
        },
        "ModifyUser" => {
            let wanted = [reader.flag(1), reader.flag(3), reader.flag(5)];
            let (password, options, description) =
                (reader.text(2), reader.options(4), reader.text(6));
            let change = UserChange {
                password: wanted[0].then_some(password),
                options: wanted[1].then_some(options),
                description: wanted[2].then_some(description),
            };
            Wish::Modify { name: reader.text(0), change }
        }
        "RemoveUser" => Wish::Remove { name: reader.text(0) },
        _ => Wish::Password { old: reader.text(0), new: reader.text(1) },
    };
    if reader.codes.iter().all(StatusCode::is_good) {
        return Ok(wish);
    }
    Err(CallMethodResult {
        input_argument_results: Some(reader.codes),
        ..failed(StatusCode::BadInvalidArgument)
    })
}

/// Arguments, and what is wrong with each.
struct Arguments<'a> {
    given: &'a [Variant],
    codes: Vec<StatusCode>,
}

impl Arguments<'_> {
    fn text(&mut self, at: usize) -> String {
        match &self.given[at] {
            Variant::String(it) if it.as_ref().len() <= PASSWORD_BYTES => it.as_ref().to_owned(),
            Variant::Empty => String::new(),
            Variant::String(_) => self.wrong(at, StatusCode::BadOutOfRange),
            _ => self.wrong(at, StatusCode::BadTypeMismatch),
        }
    }

    fn flag(&mut self, at: usize) -> bool {
        if let Variant::Boolean(flag) = self.given[at] {
            return flag;
        }
        self.wrong(at, StatusCode::BadTypeMismatch)
    }

    fn options(&mut self, at: usize) -> UserOptions {
        let bits = match self.given[at] {
            Variant::UInt32(bits) => bits.cast_signed(),
            // An option set is an Int32 to some clients.
            Variant::Int32(bits) => bits,
            _ => return self.wrong(at, StatusCode::BadTypeMismatch),
        };
        match UserConfigurationMask::from_bits(bits) {
            Some(mask) => UserOptions {
                no_delete: mask.contains(UserConfigurationMask::NoDelete),
                disabled: mask.contains(UserConfigurationMask::Disabled),
                no_change: mask.contains(UserConfigurationMask::NoChangeByUser),
                must_change: mask.contains(UserConfigurationMask::MustChangePassword),
            },
            None => self.wrong(at, StatusCode::BadOutOfRange),
        }
    }

    fn wrong<T: Default>(&mut self, at: usize, status: StatusCode) -> T {
        self.codes[at] = status;
        T::default()
    }
}

/// Does it, alone; in force when it returns.
async fn carry_out(
    server: &Rc<Server>,
    session: SessionKey,
    actor: &Actor,
    wish: Wish,
) -> Result<(), StatusCode> {
    let _alone = server.administering.lock().await;
    if let Wish::Password { old, new } = wish {
        return change_password(server, session, actor, old, new).await;
    }
    let (is_user, may) = {
        let sessions = server.sessions.borrow();
        let session = sessions.get(session).ok_or(StatusCode::BadSessionClosed)?;
        let is_user = session.identity.as_ref().is_some_and(|it| !it.is_anonymous);
        (is_user, session.roles.has(Role::SecurityAdmin))
    };
    if !may {
        // Whoever was first has taken the right from the second.
        return Err(StatusCode::BadUserAccessDenied);
    }
    check_self(actor, is_user, &wish)?;
    let table = server.roles.borrow().clone();
    let gone = match &wish {
        Wish::Remove { name } => Some((name.clone(), true)),
        Wish::Modify { name, change } if change.options.is_some_and(|it| it.disabled) => {
            Some((name.clone(), false))
        }
        _ => None,
    };
    let (done, table) = keep(server, wish, table).await?;
    done.map_err(|it| status::of_user_error(&it))?;
    *server.roles.borrow_mut() = table;
    if let Some((name, is_removed)) = gone {
        info!(%actor, user = name, is_removed, "user may not log in any more");
        server.end_sessions_of(&name);
    }
    server.roles_changed();
    Ok(())
}

/// Part 18, 5.2.6 and 5.2.7: nobody removes himself, or shuts himself out.
fn check_self(actor: &Actor, is_user: bool, wish: &Wish) -> Result<(), StatusCode> {
    let is_self = |name: &String| is_user && **name == *actor.name;
    let is_bad = match wish {
        Wish::Remove { name } => is_self(name),
        Wish::Modify { name, change } => {
            is_self(name) && change.options.is_some_and(|it| it.disabled)
        }
        Wish::Add { .. } | Wish::Password { .. } => false,
    };
    if is_bad { Err(StatusCode::BadInvalidSelfReference) } else { Ok(()) }
}

/// Writes the list of users on a thread that may wait, and takes a user who is removed out of the rules about roles.
async fn keep(
    server: &Server,
    wish: Wish,
    mut table: RoleTable,
) -> Result<(Result<(), UserError>, RoleTable), StatusCode> {
    let folder = server.config.data.clone();
    let store = server.channels.trust.clone();
    let work = move || {
        let mut users = match Users::open(&folder) {
            Ok(users) => users,
            Err(problem) => return (Err(problem), table),
        };
        let before = table.clone();
        let is_left = |list: &UserList| {
            has_administrator(&before, list).then_some(()).ok_or(UserError::LastAdmin)
        };
        let done = match &wish {
            Wish::Add { name, password, options, description } => {
                users.add_plain(name, password, *options, description)
            }
            Wish::Modify { name, change } => users.modify(name, change, is_left),
            Wish::Remove { name } => users.remove_plain(name, is_left).and_then(|()| {
                table.forget_user(name);
                let folder_error = |source| UserError::File { path: name.clone(), source };
                store.set_user(name, None).map_err(folder_error)?;
                if table == before {
                    return Ok(());
                }
                save_roles(&folder, &table).map_err(|it| UserError::File {
                    path: folder.display().to_string(),
                    source: std::io::Error::other(it),
                })
            }),
            Wish::Password { .. } => Ok(()),
        };
        (done, table)
    };
    tokio::task::spawn_blocking(work).await.map_err(|_| StatusCode::BadInternalError)
}

/// ChangePassword: a wrong old one counts as a failed login (Part 18, 5.2.8).
async fn change_password(
    server: &Rc<Server>,
    session: SessionKey,
    actor: &Actor,
    old: String,
    new: String,
) -> Result<(), StatusCode> {
    let address = {
        let sessions = server.sessions.borrow();
        let session = sessions.get(session).ok_or(StatusCode::BadSessionClosed)?;
        let is_local = session.identity.as_ref().is_some_and(|it| it.is_local);
        let connections = server.connections.borrow();
        let connection = connections.get(&session.channel).filter(|_| is_local);
        // Part 18, 5.2.8: only a user of this list has a password here.
        connection.ok_or(StatusCode::BadInvalidState)?.peer.ip()
    };
    let name = actor.name.as_ref().to_owned();
    if !server.guard.borrow().may_try(&name, address, time::monotonic()) {
        return Err(StatusCode::BadUserAccessDenied);
    }
    if !server.logins.enter() {
        return Err(StatusCode::BadResourceUnavailable);
    }
    let turn = server.logins.turn().await;
    let (folder, user) = (server.config.data.clone(), name.clone());
    let work = move || Users::open(&folder)?.change_password(&user, old.as_bytes(), &new);
    let done = tokio::task::spawn_blocking(work).await;
    drop(turn);
    let done = done.map_err(|_| StatusCode::BadInternalError)?;
    if let Err(problem) = done {
        if matches!(problem, UserError::OldPassword) {
            server.guard.borrow_mut().failed(&name, address, time::monotonic());
        }
        return Err(status::of_user_error(&problem));
    }
    info!(%actor, "password changed");
    server.roles_changed();
    Ok(())
}
